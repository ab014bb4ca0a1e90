package com.example.ledger;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ApplicationContext;
import sun.misc.Signal;

/** Without it a JVM that SIGTERM stops exits with 143, however well it stopped. */
final class GracefulStop {

  private GracefulStop() {}

  // The JDK has no other API for signals, and javac's warning about this one cannot be silenced.
  static void on(ApplicationContext context) {
    Signal.handle(new Signal("TERM"), signal -> System.exit(SpringApplication.exit(context)));
  }
}
