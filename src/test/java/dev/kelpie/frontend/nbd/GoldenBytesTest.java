package dev.kelpie.frontend.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.testing.NbdClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every message of the server, as bytes worked out by hand from the protocol's document.
@Timeout(60)
final class GoldenBytesTest {
  private static final String OPTION = "49484156454f5054";
  private static final String REPLY = "0003e889045565a9";
  private static final String GO_VM = OPTION + "00000007 00000008 00000002 766d 0000";

  private final ServedDisk served = new ServedDisk();
  private final NbdClient client = served.stranger(Transport.UNIX);

  GoldenBytesTest() throws IOException {}

  @BeforeEach
  void greet() throws IOException {
    expect("4e42444d41474943 49484156454f5054 0003");
    send("00000003");
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void exportName() throws IOException {
    send(OPTION + "00000001 00000002 766d");
    expect("0000000004000000 0d6d");
  }

  @Test
  void exportNameWithPadding() throws IOException {
    try (NbdClient old = served.stranger(Transport.TCP)) {
      expect(old, "4e42444d41474943 49484156454f5054 0003");
      send(old, "00000001" + OPTION + "00000001 00000002 766d");
      expect(old, "0000000004000000 0d6d" + "00".repeat(124));
    }
  }

  @Test
  void abort() throws IOException {
    send(OPTION + "00000002 00000000");
    expect(REPLY + "00000002 00000001 00000000");
    client.expectEnd();
  }

  @Test
  void list() throws IOException {
    send(OPTION + "00000003 00000000");
    expect(REPLY + "00000003 00000002 00000006 00000002 766d");
    expect(REPLY + "00000003 00000001 00000000");
  }

  @Test
  void infoWithEverything() throws IOException {
    send(OPTION + "00000006 0000000e 00000002 766d 0003 0001 0002 0003");
    expect(REPLY + "00000006 00000003 0000000c 0000 0000000004000000 0d6d");
    expect(REPLY + "00000006 00000003 00000004 0001 766d");
    expect(REPLY + "00000006 00000003 00000012 0002" + hex("a disk in memory"));
    expect(REPLY + "00000006 00000003 0000000e 0003 00000001 00001000 02000000");
    expect(REPLY + "00000006 00000001 00000000");
  }

  @Test
  void go() throws IOException {
    send(GO_VM);
    expect(REPLY + "00000007 00000003 0000000c 0000 0000000004000000 0d6d");
    expect(REPLY + "00000007 00000001 00000000");
  }

  @Test
  void structuredReplyAndMetadataContexts() throws IOException {
    send(OPTION + "00000008 00000000");
    expect(REPLY + "00000008 00000001 00000000");
    send(OPTION + "00000009 0000000a 00000002 766d 00000000");
    expect(REPLY + "00000009 00000004 00000013 00000000" + hex("base:allocation"));
    expect(REPLY + "00000009 00000004 00000019 00000000" + hex("qemu:allocation-depth"));
    expect(REPLY + "00000009 00000001 00000000");
    send(OPTION + "0000000a 0000001d 00000002 766d 00000001 0000000f" + hex("base:allocation"));
    expect(REPLY + "0000000a 00000004 00000013 00000001" + hex("base:allocation"));
    expect(REPLY + "0000000a 00000001 00000000");
    send(GO_VM);
    expect(REPLY + "00000007 00000003 0000000c 0000 0000000004000000 0ded");
    expect(REPLY + "00000007 00000001 00000000");
  }

  @Test
  void refusedOption() throws IOException {
    send(OPTION + "00000005 00000000");
    expect(REPLY + "00000005 80000001 0000001e" + hex("this server does not offer TLS"));
  }

  @Test
  void simpleReplies() throws IOException {
    send(GO_VM);
    client.take(20 + 12 + 20);
    send("25609513 0000 0001 1122334455667788 0000000000000010 00000003 aabbcc");
    expect("67446698 00000000 1122334455667788");
    send("25609513 0000 0000 ffeeddccbbaa9988 000000000000000f 00000005");
    expect("67446698 00000000 ffeeddccbbaa9988 00aabbcc00");
    send("25609513 0000 0000 0000000000000001 0000000004000000 00000001");
    expect("67446698 00000016 0000000000000001");
  }

  @Test
  void structuredReplies() throws IOException {
    structured();
    send("25609513 0001 0001 1122334455667788 0000000000000010 00000003 aabbcc");
    expect("67446698 00000000 1122334455667788");
    send("25609513 0000 0000 ffeeddccbbaa9988 000000000000000f 00000005");
    expect("668e33ef 0001 0001 ffeeddccbbaa9988 0000000d 000000000000000f 00aabbcc00");
    send("25609513 0000 0000 0000000000000002 0000000000000000 00000000");
    expect("668e33ef 0001 0000 0000000000000002 00000000");
  }

  @Test
  void holesInReads() throws IOException {
    structured();
    send("25609513 0000 0000 0000000000000003 0000000000100000 00020000");
    expect("668e33ef 0001 0002 0000000000000003 0000000c 0000000000100000 00020000");
  }

  @Test
  void errors() throws IOException {
    structured();
    String text = hex("command 9 is not known");
    send("25609513 0000 0009 0000000000000004 0000000000000000 00000000");
    expect("668e33ef 0001 8001 0000000000000004 0000001c 00000016 0016" + text);
  }

  @Test
  void blockStatus() throws IOException {
    structured();
    served.disk.put(65536, new byte[] {1});
    send("25609513 0000 0007 0000000000000005 0000000000000000 00030000");
    expect(
        "668e33ef 0001 0005 0000000000000005 0000001c 00000001"
            + "00010000 00000003 00010000 00000000 00010000 00000003");
  }

  @Test
  void extendedHeaders() throws IOException {
    extended();
    send("21e41c71 0021 0001 1122334455667788 0000000000000010 0000000000000003 aabbcc");
    expect("6e8a278c 0001 0000 1122334455667788 0000000000000010 0000000000000000");
    send("21e41c71 0000 0000 ffeeddccbbaa9988 000000000000000f 0000000000000005");
    expect("6e8a278c 0001 0001 ffeeddccbbaa9988 000000000000000f 000000000000000d");
    expect("000000000000000f 00aabbcc00");
    send("21e41c71 0000 0003 0000000000000001 0000000000000000 0000000000000000");
    expect("6e8a278c 0001 0000 0000000000000001 0000000000000000 0000000000000000");
    send("21e41c71 0000 0000 0000000000000003 0000000000100000 0000000000020000");
    expect("6e8a278c 0001 0002 0000000000000003 0000000000100000 000000000000000c");
    expect("0000000000100000 00020000");
    String text = hex("command 9 is not known");
    send("21e41c71 0000 0009 0000000000000004 0000000000000007 0000000000000000");
    expect("6e8a278c 0001 8001 0000000000000004 0000000000000007 000000000000001c");
    expect("00000016 0016" + text);
  }

  @Test
  void extendedBlockStatus() throws IOException {
    extended();
    served.disk.put(65536, new byte[] {1});
    send("21e41c71 0000 0007 0000000000000005 0000000000000000 0000000000020000");
    expect("6e8a278c 0000 0006 0000000000000005 0000000000000000 0000000000000028");
    expect("00000001 00000002");
    expect("0000000000010000 0000000000000003 0000000000010000 0000000000000000");
    expect("6e8a278c 0001 0006 0000000000000005 0000000000000000 0000000000000028");
    expect("00000002 00000002");
    expect("0000000000010000 0000000000000000 0000000000010000 0000000000000001");
    send("21e41c71 0020 0007 0000000000000006 0000000000010000 000000000000000c");
    send("0000000000000100 00000002");
    expect("6e8a278c 0001 0006 0000000000000006 0000000000010000 0000000000000018");
    expect("00000002 00000001 0000000000000100 0000000000000001");
  }

  private void extended() throws IOException {
    send(OPTION + "0000000b 00000000");
    expect(REPLY + "0000000b 00000001 00000000");
    send(OPTION + "00000008 00000000");
    expect(REPLY + "00000008 8000000a 0000002e");
    client.take(0x2e);
    send(OPTION + "0000000a 00000036 00000002 766d 00000002 0000000f" + hex("base:allocation"));
    send("00000015" + hex("qemu:allocation-depth"));
    client.take(20 + 19);
    expect(REPLY + "0000000a 00000004 00000019 00000002" + hex("qemu:allocation-depth"));
    client.take(20);
    send(GO_VM);
    expect(REPLY + "00000007 00000003 0000000c 0000 0000000004000000 1ded");
    client.take(20);
  }

  private void structured() throws IOException {
    send(OPTION + "00000008 00000000");
    client.take(20);
    send(OPTION + "0000000a 0000001d 00000002 766d 00000001 0000000f" + hex("base:allocation"));
    client.take(20 + 19 + 20);
    send(GO_VM);
    client.take(20 + 12 + 20);
  }

  private void send(String hex) throws IOException {
    send(client, hex);
  }

  private void expect(String hex) throws IOException {
    expect(client, hex);
  }

  private static void send(NbdClient client, String hex) throws IOException {
    client.sendRaw(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  private static void expect(NbdClient client, String hex) throws IOException {
    String wanted = hex.replace(" ", "");
    assertEquals(wanted, HexFormat.of().formatHex(client.take(wanted.length() / 2)));
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }
}
