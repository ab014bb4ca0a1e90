package com.example.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Calls the running service, on a free port, with a stand-in for the one behind it. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class LedgerTest {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

  private static final HttpServer BEHIND = startBehind();

  @LocalServerPort private int port;

  @DynamicPropertySource
  static void nameBehind(DynamicPropertyRegistry registry) {
    registry.add("next-url", () -> "http://127.0.0.1:" + BEHIND.getAddress().getPort());
  }

  @AfterAll
  static void stopBehind() {
    BEHIND.stop(0);
  }

  @Test
  void isHealthy() throws Exception {
    assertThat(get("/healthz").body()).isEqualTo("{\"status\":\"ok\"}");
  }

  @Test
  void passesTheTraceOnAndAddsItself() throws Exception {
    var tour = get("/tour").body();
    assertThat(tour).contains("\"trace\":\"" + TRACE + "\"", "\"service\":\"ledger\"");
    assertThat(tour).contains("\"service\":\"" + TRACE + "\"");
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01")
            .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static HttpServer startBehind() {
    try {
      var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/tour",
          exchange -> {
            var trace = exchange.getRequestHeaders().getFirst("traceparent").split("-")[1];
            var text =
                """
                {"trace":"%s","hops":[{"service":"%s","runtime":"rust","version":"1"}]}
                """;
            var body = text.formatted(trace, trace).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            try (var stream = exchange.getResponseBody()) {
              stream.write(body);
            }
          });
      server.start();
      return server;
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }
}
