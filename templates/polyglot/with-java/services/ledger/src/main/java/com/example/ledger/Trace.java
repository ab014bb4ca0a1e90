package com.example.ledger;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Objects;
import java.util.regex.Pattern;

/** The trace that a request belongs to: https://www.w3.org/TR/trace-context/ */
record Trace(String id) {

  private static final Pattern HEADER =
      Pattern.compile("00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}");

  private static final SecureRandom RANDOM = new SecureRandom();

  /** The trace of the header, or a new one. */
  static Trace of(String header) {
    var found = HEADER.matcher(Objects.requireNonNullElse(header, ""));
    return new Trace(found.matches() ? found.group(1) : hex(16));
  }

  /** The header for a call that a request of this trace makes. */
  String header() {
    return "00-" + id + "-" + hex(8) + "-01";
  }

  private static String hex(int size) {
    var bytes = new byte[size];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
