package dev.kelpie.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordedLog;
import dev.kelpie.testing.TestPlatform;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The pages over real HTTP.
final class StatusServerTest {
  private final FakeNode node = new FakeNode();
  private final TestPlatform platform = new TestPlatform(new MemoryDisk());
  private final RecordedLog log = new RecordedLog();
  private final List<Socket> sockets = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private Optional<StatusServer> server = Optional.empty();
  private int port;

  @AfterEach
  void stop() throws IOException {
    client.close();
    for (Socket socket : sockets) {
      socket.close();
    }
    server.ifPresent(StatusServer::close);
    platform.assertNoFailures();
  }

  private void serve(Access access, Duration limit) throws IOException {
    StatusServer made = new StatusServer(platform.platform(), log, node, access, limit);
    Network.Listener listener =
        platform.platform().network().listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
    port = ((Endpoint.Tcp) listener.at()).port();
    made.serve(listener);
    server = Optional.of(made);
  }

  private void serve() throws IOException {
    serve(Access.OPEN, Duration.ofMinutes(1));
  }

  private HttpResponse<String> ask(String method, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    HttpRequest request =
        HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody()).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  @Test
  void metricsAreInPrometheusFormat() throws Exception {
    serve();
    HttpResponse<String> answer = ask("GET", "/metrics?name%5B%5D=up");
    assertEquals(200, answer.statusCode());
    assertEquals(
        "text/plain; version=0.0.4; charset=utf-8",
        answer.headers().firstValue("Content-Type").orElseThrow());
    assertTrue(Exposition.parse(answer.body()).containsKey("kelpie_up"));
    assertTrue(answer.body().contains("B\u00e4r"));
  }

  @Test
  void theFrontPageNamesNodeVersionAndLinks() throws Exception {
    serve();
    node.troubles = List.of("disk <b> is gone");
    HttpResponse<String> answer = ask("GET", "/");
    assertEquals(200, answer.statusCode());
    for (String wanted :
        List.of(
            "127.0.0.1:7000",
            "Version 1.2.3&lt;",
            "2026-01-02T03:04:05.500Z",
            "href=\"/metrics\"",
            "href=\"/health\"",
            "disk &lt;b&gt; is gone")) {
      assertTrue(answer.body().contains(wanted), wanted);
    }
  }

  @Test
  void healthTellsWhyTheNodeDoesNotServe() throws Exception {
    serve();
    HttpResponse<String> well = ask("GET", "/health");
    assertEquals(200, well.statusCode());
    assertEquals("serving\n", well.body());
    node.troubles = List.of("not formatted", "a disk is gone");
    HttpResponse<String> ill = ask("GET", "/health");
    assertEquals(503, ill.statusCode());
    assertEquals("not formatted\na disk is gone\n", ill.body());
  }

  @Test
  void headIsTheSameWithoutTheBody() throws Exception {
    serve();
    HttpResponse<String> answer = ask("HEAD", "/health");
    assertEquals(200, answer.statusCode());
    assertEquals("8", answer.headers().firstValue("Content-Length").orElseThrow());
    assertEquals("", answer.body());
  }

  @Test
  void nothingElseIsThereAndNothingCanBeChanged() throws Exception {
    serve();
    assertEquals(404, ask("GET", "/etc/passwd").statusCode());
    assertEquals(404, ask("GET", "//metrics").statusCode());
    for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "OPTIONS")) {
      HttpResponse<String> answer = ask(method, "/metrics");
      assertEquals(405, answer.statusCode(), method);
      assertEquals("GET, HEAD", answer.headers().firstValue("Allow").orElseThrow());
    }
  }

  @Test
  void aPageThatCannotBeMadeIsAnError() throws Exception {
    serve();
    node.broken = true;
    assertEquals(500, ask("GET", "/metrics").statusCode());
    assertEquals(200, ask("GET", "/health").statusCode());
    assertTrue(log.at(Level.ERROR).getFirst().contains("no records"));
  }

  @ParameterizedTest
  @CsvSource({
    "'GET / HTTP/1.0\r\n\r\n', 200",
    "'GET / HTTP/1.1\n\n', 200",
    "'GET / HTTP/2.0\r\n\r\n', 505",
    "'GET /\r\n\r\n', 400",
    "'GET  / HTTP/1.1\r\n\r\n', 400",
    "'get / HTTP/1.1\r\n\r\n', 400",
    "'GET http://x/ HTTP/1.1\r\n\r\n', 400",
    "'GET / FTP/1.1\r\n\r\n', 400",
    "'\r\n\r\n', 400",
    "'\u0000\u0001\u00ff\r\n\r\n', 400",
    "'POST / HTTP/1.1\r\nContent-Length: 9999\r\n\r\nabc', 405"
  })
  void whateverIsSentGetsAnAnswer(String request, int status) throws IOException {
    serve();
    String answer = send(request);
    assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    assertTrue(answer.contains("\r\nConnection: close\r\n"), answer);
  }

  @Test
  void aHeadThatIsTooLongIsRefused() throws IOException {
    serve();
    String answer = send("GET / HTTP/1.1\r\nX: " + "y".repeat(HttpSession.HEAD_MAX) + "\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 431 "), answer);
  }

  @Test
  void aHeadMayComeByteByByte() throws IOException {
    serve();
    Socket socket = connect();
    for (char c : "GET /health HTTP/1.1\r\nHost: x\r\n\r\n".toCharArray()) {
      socket.getOutputStream().write(c);
      socket.getOutputStream().flush();
    }
    assertTrue(rest(socket).endsWith("serving\n"));
  }

  @Test
  void manySilentClientsDoNotKeepOthersOut() throws Exception {
    serve();
    for (int i = 0; i < 3 * StatusServer.CLIENTS_MAX; i++) {
      connect();
    }
    for (int i = 0; i < 20; i++) {
      assertEquals(200, ask("GET", "/health").statusCode());
    }
    assertTrue(server.orElseThrow().clients() <= StatusServer.CLIENTS_MAX);
  }

  @Test
  void aSlowClientIsCutOff() throws IOException {
    serve(Access.OPEN, Duration.ofMillis(100));
    Socket socket = connect();
    socket.getOutputStream().write("GET / HT".getBytes(StandardCharsets.US_ASCII));
    assertEquals("", rest(socket));
    Await.until(
        "the log tells",
        () -> log.at(Level.WARN).stream().anyMatch(line -> line.contains("takes too long")));
  }

  @Test
  void aClientThatDoesNotReadIsCutOff() throws IOException {
    serve(Access.OPEN, Duration.ofMillis(100));
    Socket socket = connect();
    socket
        .getOutputStream()
        .write("GET /health HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    Await.until("it is gone", () -> server.orElseThrow().clients() == 0);
  }

  @Test
  void whoIsNotOnTheListIsCutOff() throws IOException {
    serve(new Access(_ -> false, Optional.empty()), Duration.ofMinutes(1));
    Socket socket = connect();
    boolean answered;
    try {
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      answered = !rest(socket).isEmpty();
    } catch (IOException _) {
      answered = false; // it may have been reset before
    }
    assertFalse(answered);
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    sockets.add(socket);
    return socket;
  }

  private String send(String request) throws IOException {
    Socket socket = connect();
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    return rest(socket);
  }

  private static String rest(Socket socket) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    socket.getInputStream().transferTo(all);
    return all.toString(StandardCharsets.UTF_8);
  }
}
