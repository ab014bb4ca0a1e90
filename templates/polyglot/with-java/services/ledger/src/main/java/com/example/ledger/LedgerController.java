package com.example.ledger;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatus;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;
import org.springframework.web.server.ResponseStatusException;

@RestController
class LedgerController {

  private static final Logger LOG = LoggerFactory.getLogger(LedgerController.class);

  private static final Tour.Hop OWN = new Tour.Hop("ledger", "java", Runtime.version().toString());

  private final RestClient next;

  LedgerController(@Value("${next-url}") String nextUrl) {
    // Services here speak HTTP/1.1, and some mistake the offer of HTTP/2 for an error.
    var requests =
        new JdkClientHttpRequestFactory(
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
    requests.setReadTimeout(Duration.ofSeconds(10));
    next = RestClient.builder().baseUrl(nextUrl).requestFactory(requests).build();
  }

  @GetMapping("/")
  Map<String, String> describe() {
    return Map.of("service", OWN.service(), OWN.runtime(), OWN.version());
  }

  @GetMapping("/healthz")
  Map<String, String> checkHealth() {
    return Map.of("status", "ok");
  }

  @GetMapping("/tour")
  Tour takeTour(@RequestHeader(name = "traceparent", required = false) String traceparent) {
    var trace = Trace.of(traceparent);
    LOG.atInfo().addKeyValue("trace", trace.id()).log("tour");
    try {
      var rest =
          next.get().uri("/tour").header("traceparent", trace.header()).retrieve().body(Tour.class);
      return rest.startingAt(OWN);
    } catch (RestClientException error) {
      throw new ResponseStatusException(HttpStatus.BAD_GATEWAY, "a service does not answer", error);
    }
  }
}
