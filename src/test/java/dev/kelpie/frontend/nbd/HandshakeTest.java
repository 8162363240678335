package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryExports.Opening;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.NbdClient.Export;
import dev.kelpie.testing.NbdClient.OptionReply;
import dev.kelpie.volume.Exports;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(60)
final class HandshakeTest {
  private static final int WRITABLE_FLAGS = 0b1101_0110_1101;

  private final Transport transport;
  private final ServedDisk served = new ServedDisk();
  private final NbdClient client;

  HandshakeTest(Transport transport) throws IOException {
    this.transport = transport;
    this.client = served.stranger(transport);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void goTellsWhatTheDiskIs() throws IOException {
    Export export = client.greet().go("vm?cache=none");
    assertEquals(
        new Export(
            ServedDisk.SIZE,
            WRITABLE_FLAGS,
            "vm?cache=none",
            "a disk in memory",
            1,
            4096,
            32 << 20),
        export);
  }

  @Test
  void goTellsNothingThatWasNotAskedFor() throws IOException {
    Export export = NbdClient.export(client.greet().option(OPT_GO, NbdClient.info("vm")));
    assertEquals(new Export(ServedDisk.SIZE, WRITABLE_FLAGS, "", "", 0, 0, 0), export);
  }

  @Test
  void unknownInformationIsPassedOver() throws IOException {
    List<OptionReply> replies = client.greet().option(OPT_GO, NbdClient.info("vm", 77, 3));
    assertEquals(4096, NbdClient.export(replies).blockPreferred());
  }

  @Test
  void dfIsOfferedWithStructuredRepliesOnly() throws IOException {
    assertEquals(WRITABLE_FLAGS | 1 << 7, client.greet().structured().go("vm").flags());
  }

  @Test
  void aReadOnlyDiskOffersNothingThatWrites() throws IOException {
    served.disk.readOnly(true);
    assertEquals(0b0101_0000_1111, client.greet().go("vm").flags());
    assertEquals(EPERM, client.call(TRIM, 0, 0, 1).error());
  }

  @Test
  void infoDoesNotUseTheDisk() throws IOException {
    client.greet();
    List<OptionReply> replies = client.option(OPT_INFO, NbdClient.info("vm", 1));
    assertEquals("vm", NbdClient.export(replies).name());
    assertEquals(0, served.disk.open());
    client.go("vm");
    assertEquals(1, served.disk.open());
  }

  @Test
  void theListHasTheWorkingVdisEscaped() throws IOException {
    served.exports.with("a@snap", served.disk);
    served.exports.with("odd?%", served.disk);
    List<String> names =
        client.greet().option(OPT_LIST).stream()
            .filter(reply -> reply.type() == REP_SERVER)
            .map(reply -> utf8(Arrays.copyOfRange(reply.data(), 4, reply.data().length)))
            .toList();
    assertEquals(List.of("odd%3f%25", "vm"), names);
  }

  @Test
  void aListOfThousandsIsWhole() throws IOException {
    for (int i = 0; i < 5000; i++) {
      served.exports.with("disk" + i, served.disk);
    }
    assertEquals(5002, client.greet().option(OPT_LIST).size());
  }

  @Test
  void anUnknownOptionIsRefusedAndTheSessionGoesOn() throws IOException {
    client.greet();
    for (int option : List.of(0, 4, 12, 99, -1)) {
      assertRefused(ERR_UNSUP, "option " + option, client.option(option, new byte[300]));
    }
    client.go("vm");
  }

  @Test
  void tlsIsRefusedAndTheSessionGoesOn() throws IOException {
    client.greet();
    assertRefused(ERR_UNSUP, "TLS", client.option(OPT_STARTTLS));
    assertRefused(ERR_INVALID, "no data", client.option(OPT_STARTTLS, (byte) 1));
    client.go("vm");
  }

  @Test
  void optionsThatTakeNoDataRefuseIt() throws IOException {
    client.greet();
    assertRefused(ERR_INVALID, "no data", client.option(OPT_LIST, (byte) 1));
    assertRefused(ERR_INVALID, "no data", client.option(OPT_STRUCTURED_REPLY, (byte) 1));
    assertRefused(ERR_INVALID, "no data", client.option(OPT_EXTENDED_HEADERS, (byte) 1));
    client.go("vm");
  }

  @Test
  void abortIsAcknowledgedWhateverComesWithIt() throws IOException {
    assertEquals(REP_ACK, client.greet().option(OPT_ABORT, (byte) 1).getLast().type());
    client.expectEnd();
  }

  @Test
  void lengthsThatDoNotFitAreInvalid() throws IOException {
    client.greet();
    byte[] good = NbdClient.info("vm", 1, 2);
    for (int length = 0; length < good.length; length++) {
      assertRefused(ERR_INVALID, "lengths", client.option(OPT_GO, Arrays.copyOf(good, length)));
    }
    assertRefused(
        ERR_INVALID, "lengths", client.option(OPT_GO, Arrays.copyOf(good, good.length + 1)));
    client.structured();
    byte[] contexts = NbdClient.contexts("vm", "base:allocation", "x:y");
    for (int length = 0; length < contexts.length; length++) {
      byte[] cut = Arrays.copyOf(contexts, length);
      assertRefused(ERR_INVALID, "lengths", client.option(OPT_SET_META_CONTEXT, cut));
    }
    byte[] negative = ByteBuffer.allocate(12).putInt(-1).array();
    assertRefused(ERR_INVALID, "lengths", client.option(OPT_GO, negative));
    assertRefused(ERR_INVALID, "lengths", client.option(OPT_LIST_META_CONTEXT, negative));
    client.go("vm");
  }

  @Test
  void whatIsTooLongIsPassedOverAndTheSessionGoesOn() throws IOException {
    client.greet();
    String name = "n".repeat(4097);
    assertRefused(ERR_TOO_BIG, "4096", client.option(OPT_GO, NbdClient.info(name)));
    assertRefused(ERR_TOO_BIG, "65536", client.option(OPT_GO, new byte[65537]));
    assertRefused(ERR_TOO_BIG, "65536", client.option(OPT_LIST, new byte[3 << 20]));
    assertRefused(ERR_UNSUP, "option 99", client.option(99, new byte[3 << 20]));
    assertRefused(ERR_UNKNOWN, "n".repeat(255), List.of(client.refusedGo("n".repeat(255))));
    assertRefused(ERR_INVALID, "255", List.of(client.refusedGo("n".repeat(4096))));
    client.go("vm");
  }

  @Test
  void anOptionOfMoreThan32MebibytesEndsTheSession() throws IOException {
    client.greet();
    client.sendRaw(optionHeader(OPT_LIST, (32 << 20) + 1));
    client.expectEnd();
  }

  @Test
  void whatIsNoOptionEndsTheSession() throws IOException {
    client.greet();
    client.sendRaw("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    client.expectEnd();
    served.awaitNobody();
    assertTrue(served.log.at(Level.WARN).toString().contains("option was due"));
  }

  @Test
  void unknownClientFlagsEndTheSession() throws IOException {
    client.greet(FIXED_NEWSTYLE | 4);
    client.expectEnd();
  }

  @Test
  void aClientOfOldTimesMayOnlyNameAnExport() throws IOException {
    client.greet(0);
    client.exportName("vm");
    client.write(7, (byte) 1);
    assertEquals(1, client.read(7, 1)[0]);
    try (NbdClient other = served.stranger(transport)) {
      other.greet(0).sendOption(OPT_LIST);
      other.expectEnd();
    }
  }

  @Test
  void exportNameTellsSizeAndFlags() throws IOException {
    Export export = client.greet().exportName("vm");
    assertEquals(ServedDisk.SIZE, export.size());
    assertEquals(WRITABLE_FLAGS, export.flags());
  }

  @Test
  void exportNameThatIsRefusedEndsTheSession() throws IOException {
    client.greet().sendOption(OPT_EXPORT_NAME, "nope".getBytes(StandardCharsets.US_ASCII));
    client.expectEnd();
    served.awaitNobody();
    assertTrue(served.log.at(Level.WARN).toString().contains("'nope'"));
  }

  @Test
  void exportNameThatIsTooLongEndsTheSession() throws IOException {
    client.greet().sendOption(OPT_EXPORT_NAME, new byte[4097]);
    client.expectEnd();
  }

  @Test
  void contextsAreListed() throws IOException {
    client.greet().structured();
    assertEquals(2, contexts(OPT_LIST_META_CONTEXT));
    assertEquals(1, contexts(OPT_LIST_META_CONTEXT, "base:"));
    assertEquals(1, contexts(OPT_LIST_META_CONTEXT, "x:", "base:allocation", "base:"));
    assertEquals(0, contexts(OPT_LIST_META_CONTEXT, "x:", "base:nothing", "nonsense"));
  }

  @Test
  void contextsAreSelectedByTheirNames() throws IOException {
    client.greet().structured();
    assertEquals(0, contexts(OPT_SET_META_CONTEXT));
    assertEquals(0, contexts(OPT_SET_META_CONTEXT, "base:", "qemu:", "qemu:allocation"));
    assertEquals(1, contexts(OPT_SET_META_CONTEXT, "base:allocation", "base:allocation"));
  }

  @Test
  void contextsNeedStructuredReplies() throws IOException {
    client.greet();
    byte[] data = NbdClient.contexts("vm", "base:allocation");
    assertRefused(ERR_INVALID, "structured", client.option(OPT_SET_META_CONTEXT, data));
    assertRefused(ERR_INVALID, "structured", client.option(OPT_LIST_META_CONTEXT, data));
  }

  @Test
  void blockStatusNeedsASelectedContextOfTheSameExport() throws IOException {
    served.exports.with("vm@1", served.disk);
    client.greet().structured().allocation("vm@1");
    client.go("vm");
    assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, 0, 4096).error());
  }

  @Test
  void aLaterSelectionReplacesTheEarlierEvenIfItFails() throws IOException {
    client.greet().structured().allocation("vm");
    client.option(OPT_SET_META_CONTEXT, (byte) 1);
    client.go("vm");
    assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, 0, 4096).error());
  }

  @Test
  void refusalsNameTheThingAndTheSessionGoesOn() throws IOException {
    client.greet();
    assertRefused(ERR_UNKNOWN, "'nope'", List.of(client.refusedGo("nope")));
    assertRefused(ERR_UNKNOWN, "'vm@7'", List.of(client.refusedGo("vm@7")));
    assertRefused(ERR_INVALID, "'cache=off'", List.of(client.refusedGo("vm?cache=off")));
    client.go("vm");
  }

  @Test
  void aClusterThatIsNotFormattedRefusesByPolicy() throws IOException {
    served.exports.refuse(Exports.Reason.NOT_SERVING, "run `dog cluster format` first");
    assertRefused(ERR_POLICY, "dog cluster format", List.of(client.greet().refusedGo("vm")));
  }

  @Test
  void aDiskThatCannotBeUsedIsRefusedByPolicy() throws IOException {
    served.exports.refuse(Exports.Reason.UNUSABLE, "it is an erasure coded VDI");
    assertRefused(ERR_POLICY, "erasure", List.of(client.greet().refusedGo("vm")));
  }

  @Test
  void aFailureIsToldAndLogged() throws IOException {
    served.exports.fail(new IOException("the directory cannot be read"));
    client.greet();
    assertRefused(ERR_UNKNOWN, "cannot be read", List.of(client.refusedGo("vm")));
    assertRefused(ERR_UNKNOWN, "cannot be read", client.option(OPT_LIST));
    assertTrue(served.log.at(Level.ERROR).toString().contains("cannot be read"));
  }

  @Test
  void theEmptyNameIsTheOnlyVdi() throws IOException {
    assertEquals("vm", client.greet().go("").name());
  }

  @Test
  void theEmptyNameIsRefusedAmongSeveralVdis() throws IOException {
    served.exports.with("other", served.disk);
    assertRefused(ERR_UNKNOWN, "there are 2 VDIs", List.of(client.greet().refusedGo("")));
  }

  @Test
  void theEmptyNameIsRefusedWhereThereIsNoVdi() throws IOException {
    served.exports.remove("vm");
    assertRefused(ERR_UNKNOWN, "dog vdi create", List.of(client.greet().refusedGo("")));
  }

  @Test
  void nameSnapshotAndModeReachTheExports() throws IOException {
    served.exports.with("vm@t@g", served.disk);
    client.greet().go("vm@t%40g?cache=writethrough");
    Opening opening = served.exports.openings().getFirst();
    assertEquals(new VdiName("vm"), opening.name());
    assertEquals(Optional.of("t@g"), opening.snapshot());
    assertEquals(Optional.of(CacheMode.WRITETHROUGH), opening.mode());
    assertTrue(opening.client().local());
  }

  @Test
  void haggleWithoutEndIsCut() throws IOException {
    client.greet();
    for (int i = 0; i < 1000; i++) {
      client.option(99);
    }
    client.expectEnd();
  }

  @Test
  void optionsAndRequestsSentAheadAreTaken() throws IOException {
    client.greet();
    client.sendOption(99);
    client.sendOption(OPT_STRUCTURED_REPLY);
    client.sendOption(OPT_GO, NbdClient.info("vm"));
    client.sendRaw(NbdClient.request(READ, 0, 5, 0, 1));
    assertEquals(ERR_UNSUP, client.optionReplies(99).getLast().type());
    assertEquals(REP_ACK, client.optionReplies(OPT_STRUCTURED_REPLY).getLast().type());
    assertEquals(REP_ACK, client.optionReplies(OPT_GO).getLast().type());
    assertEquals(29, client.take(29).length);
  }

  @Test
  void aDiskWhoseClientVanishedWhileItWasOpenedIsClosed() throws IOException {
    client.greet().sendOption(OPT_GO, NbdClient.info("vm"));
    client.close();
    Await.until("the disk was closed", () -> served.disk.closed() == 1 && served.disk.open() == 0);
  }

  private int contexts(int option, String... queries) throws IOException {
    List<OptionReply> replies = client.option(option, NbdClient.contexts("vm", queries));
    assertEquals(REP_ACK, replies.getLast().type());
    return replies.size() - 1;
  }

  private static void assertRefused(int type, String inText, List<OptionReply> replies) {
    assertEquals(1, replies.size());
    assertEquals(Integer.toHexString(type), Integer.toHexString(replies.getFirst().type()));
    assertTrue(replies.getFirst().text().contains(inText), replies.getFirst().text());
  }

  private static byte[] optionHeader(int option, int length) {
    return ByteBuffer.allocate(16)
        .putLong(0x49484156454f5054L)
        .putInt(option)
        .putInt(length)
        .array();
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
