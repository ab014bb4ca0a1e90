package {{polyenv.package}};

import org.springframework.beans.factory.annotation.Value;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class ServiceController {

  private final Description description;

  ServiceController(@Value("${spring.application.name}") String name) {
    description = new Description(name, Runtime.version().toString());
  }

  @GetMapping("/")
  Description describe() {
    return description;
  }

  @GetMapping("/healthz")
  Health checkHealth() {
    return new Health("ok");
  }

  record Description(String service, String java) {}

  record Health(String status) {}
}
