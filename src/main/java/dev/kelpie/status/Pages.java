package dev.kelpie.status;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// The pages: `/` for people, `/metrics` for Prometheus, `/health` for who watches over nodes.
final class Pages {
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final NodeStatus node;
  private final Log log;

  /// Metrics are put together by one client at a time, so that many take no more memory than one.
  private final Locks.Mutex one;

  Pages(NodeStatus node, Log log, Locks locks) {
    this.node = node;
    this.log = log;
    this.one = locks.mutex();
  }

  /// Answers a request; empty for one that was none.
  HttpAnswer answer(Optional<HttpRequest> asked) {
    if (asked.isEmpty()) {
      return HttpAnswer.error(400, "this is no request of HTTP/1", false);
    }
    HttpRequest request = asked.get();
    boolean head = request.method().equals("HEAD");
    if (!request.version().startsWith("HTTP/1.")) {
      return HttpAnswer.error(505, "only HTTP/1 is spoken here", head);
    }
    if (!head && !request.method().equals("GET")) {
      return HttpAnswer.error(405, "nothing can be changed here: only GET and HEAD", head);
    }
    try {
      return page(request.path(), head);
    } catch (IOException | RuntimeException failure) {
      log.error("status: " + request.path() + " could not be made: " + failure);
      return HttpAnswer.error(500, "the page could not be made: the log says why", head);
    }
  }

  private HttpAnswer page(String path, boolean head) throws IOException {
    return switch (path) {
      case "/" -> new HttpAnswer(200, "text/html; charset=utf-8", front(), head);
      case "/metrics" -> new HttpAnswer(200, METRICS_TYPE, metrics(), head);
      case "/health" -> health(head);
      default -> HttpAnswer.error(404, "there are /, /metrics and /health", head);
    };
  }

  private String metrics() throws IOException {
    one.lock();
    try {
      return new Metrics(node).text();
    } finally {
      one.unlock();
    }
  }

  private HttpAnswer health(boolean head) {
    List<String> troubles = node.troubles();
    return troubles.isEmpty()
        ? HttpAnswer.text(200, "serving\n", head)
        : HttpAnswer.text(503, String.join("\n", troubles) + "\n", head);
  }

  private String front() {
    NodeStatus.Node self = node.node();
    StringBuilder list = new StringBuilder();
    for (String trouble : node.troubles()) {
      list.append("<li>").append(escaped(trouble)).append("</li>\n");
    }
    String health = list.isEmpty() ? "<p>It serves.</p>" : "<ul>\n" + list + "</ul>";
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head><meta charset="utf-8"><title>Kelpie %1$s</title></head>
    <body>
    <h1>Kelpie node %1$s</h1>
    <p>Version %2$s, started %3$s.</p>
    %4$s
    <ul>
    <li><a href="/metrics">Metrics</a> for Prometheus</li>
    <li><a href="/health">Health</a>: status 200 while the node serves, else 503 with the reason</li>
    </ul>
    </body>
    </html>
    """
        .formatted(
            escaped(self.name()),
            escaped(self.version()),
            escaped(self.started().toString()),
            health);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
