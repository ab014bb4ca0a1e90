package com.example.ledger;

import java.util.List;
import java.util.stream.Stream;

/** What a request through all the services brings back. */
record Tour(String trace, List<Hop> hops) {

  /** One service that a request went through. */
  record Hop(String service, String runtime, String version) {}

  /** The same tour, with that service before all others. */
  Tour startingAt(Hop hop) {
    return new Tour(trace, Stream.concat(Stream.of(hop), hops.stream()).toList());
  }
}
