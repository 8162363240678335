package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdClient.good;
import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.DeviceCall.Kind;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.NbdClient.Extent;
import dev.kelpie.testing.NbdClient.OptionReply;
import dev.kelpie.testing.NbdClient.Reply;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(
    value = Framing.class,
    names = {"STRUCTURED", "EXTENDED"})
@Timeout(60)
final class MetaContextsTest {
  private static final String ALLOCATION = "base:allocation";
  private static final String DEPTH = "qemu:allocation-depth";
  private static final String DIRTY = "qemu:dirty-bitmap:";
  private static final int PAGE = 65536;

  private final Framing framing;
  private final ServedDisk served = new ServedDisk();
  private final NbdClient client = served.stranger(Transport.UNIX);

  MetaContextsTest(Framing framing) throws IOException {
    this.framing = framing;
  }

  @BeforeEach
  void haggle() throws IOException {
    client.greet();
    if (framing == Framing.EXTENDED) {
      client.extendedHeaders();
    } else {
      client.structured();
    }
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  private OptionReply refused(int option, String export, String... queries) throws IOException {
    List<OptionReply> replies = client.option(option, NbdClient.contexts(export, queries));
    assertEquals(1, replies.size());
    assertTrue(replies.getFirst().type() < 0);
    return replies.getFirst();
  }

  @Test
  void allContextsAreListedWithTheSnapshotsNewestFirst() throws IOException {
    served.disk.snapshot(1, Optional.of("first"));
    served.disk.snapshot(2, Optional.empty());
    served.disk.snapshot(3, Optional.of("dr\u00c3\u00bcben")); // the bytes of a name in UTF-8
    served.disk.snapshot(4, Optional.of("no text \u00ff"));
    List<String> dirty =
        Stream.of("4", "dr\u00fcben", "2", "first").map(name -> DIRTY + name).toList();
    List<String> qemu = Stream.concat(Stream.of(DEPTH), dirty.stream()).toList();
    List<String> all = Stream.concat(Stream.of(ALLOCATION), qemu.stream()).toList();
    assertEquals(all, client.listContexts("vm"));
    assertEquals(List.of(ALLOCATION), client.listContexts("vm", "base:"));
    assertEquals(qemu, client.listContexts("vm", "qemu:"));
    assertEquals(dirty, client.listContexts("vm", DIRTY));
    assertEquals(List.of(DEPTH), client.listContexts("vm", DEPTH));
    assertEquals(
        List.of(DIRTY + "first", DEPTH, ALLOCATION),
        client.listContexts("vm", DIRTY + "first", DEPTH, "base:", DEPTH));
    assertEquals(
        List.of(DIRTY + "3"), client.listContexts("vm", DIRTY + "3"), "each by its id too");
  }

  @Test
  void whatIsNoContextIsNotListedAndNotSelected() throws IOException {
    served.disk.snapshot(1, Optional.of("first"));
    String[] queries = {
      "x:",
      "base:nothing",
      "nonsense",
      "qemu:allocation",
      "qemu:dirty-bitmap",
      DIRTY + "second",
      DIRTY + "first ",
      DEPTH + ":",
      "QEMU:",
      "",
      DIRTY + "9".repeat(400)
    };
    for (String query : queries) {
      assertEquals(List.of(), client.select("vm", query));
      if (!query.isEmpty()) {
        assertEquals(List.of(), client.listContexts("vm", query));
      }
    }
    assertEquals(List.of(), client.select("vm", "base:", "qemu:", DIRTY), "wildcards are for LIST");
    assertEquals(List.of(), client.select("vm"));
  }

  @Test
  void theExportHasToBeThere() throws IOException {
    assertEquals(ERR_UNKNOWN, refused(OPT_LIST_META_CONTEXT, "nope").type());
    assertEquals(ERR_UNKNOWN, refused(OPT_SET_META_CONTEXT, "nope", ALLOCATION).type());
    assertEquals(ERR_INVALID, refused(OPT_SET_META_CONTEXT, "vm?x", ALLOCATION).type());
    client.go("vm");
  }

  @Test
  void eachIsSelectedOnce() throws IOException {
    served.disk.snapshot(1, Optional.of("first"));
    List<String> both = List.of(DIRTY + "first", ALLOCATION);
    assertEquals(both, client.select("vm", DIRTY + "first", ALLOCATION, DIRTY + "first"));
    client.go("vm");
    assertEquals(1, served.disk.comparing());
  }

  @Test
  void moreContextsThanAreReasonableAreRefused() throws IOException {
    List<String> names = new ArrayList<>();
    for (int id = 1; id <= 65; id++) {
      served.disk.snapshot(id, Optional.empty());
      names.add(DIRTY + id);
    }
    String[] most = names.subList(0, 64).toArray(String[]::new);
    String[] tooMany = names.toArray(String[]::new);
    assertEquals(ERR_TOO_BIG, refused(OPT_SET_META_CONTEXT, "vm", tooMany).type());
    assertEquals(64, client.select("vm", most).size());
    client.go("vm");
    Reply reply = good(client.call(BLOCK_STATUS, 0, 0, ServedDisk.SIZE));
    assertEquals(64, reply.chunks());
  }

  @Test
  void aSnapshotThatWasDeletedAfterTheSelectionIsMissed() throws IOException {
    served.disk.snapshot(1, Optional.of("first"));
    client.select("vm", ALLOCATION, DIRTY + "first");
    served.disk.deleteSnapshot(1);
    OptionReply refusal = client.refusedGo("vm");
    assertEquals(ERR_UNKNOWN, refusal.type());
    assertTrue(refusal.text().contains(DIRTY + "first"), refusal.text());
    assertEquals(0, served.disk.open());
    client.select("vm", ALLOCATION);
    client.go("vm");
  }

  @Test
  void aSelectionHoldsNoSnapshotBeforeTheDiskIsUsed() throws IOException {
    served.disk.snapshot(1, Optional.of("first"));
    client.select("vm", DIRTY + "first");
    client.option(OPT_INFO, NbdClient.info("vm"));
    assertEquals(0, served.disk.comparing());
    assertEquals(0, served.disk.open());
    client.go("vm");
    assertEquals(1, served.disk.comparing());
    client.close();
    served.awaitNobody();
    assertEquals(0, served.disk.comparing());
  }

  @Test
  void aSelectionThatFailsIsVoidAndSoIsTheOneBefore() throws IOException {
    client.select("vm", ALLOCATION);
    refused(OPT_SET_META_CONTEXT, "nope", ALLOCATION);
    client.go("vm");
    assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, 0, PAGE).error());
  }

  @Test
  void oneReplyTellsAllContexts() throws IOException {
    served.disk.put(PAGE, new byte[] {1});
    served.disk.put(2 * PAGE, new byte[] {1});
    served.disk.snapshot(1, Optional.of("first"));
    served.disk.put(2 * PAGE, new byte[] {2});
    served.disk.depths(page -> page == 1 ? 7 : 1);
    client.select("vm", DIRTY + "first", ALLOCATION, DEPTH);
    client.go("vm");
    Reply reply = good(client.call(BLOCK_STATUS, 0, 0, 4 * PAGE));
    assertEquals(
        Map.of(
            DIRTY + "first",
            List.of(new Extent(2 * PAGE, 0), new Extent(PAGE, 1), new Extent(PAGE, 0)),
            ALLOCATION,
            List.of(new Extent(PAGE, 3), new Extent(2 * PAGE, 0), new Extent(PAGE, 3)),
            DEPTH,
            List.of(
                new Extent(PAGE, 0),
                new Extent(PAGE, 7),
                new Extent(PAGE, 1),
                new Extent(PAGE, 0))),
        reply.statuses());
    assertEquals(
        Map.of(
            DIRTY + "first",
            List.of(new Extent(PAGE - 5, 0)),
            ALLOCATION,
            List.of(new Extent(2 * PAGE - 5, 0)),
            DEPTH,
            List.of(new Extent(PAGE - 5, 7))),
        good(client.call(BLOCK_STATUS, REQ_ONE, PAGE + 5, 2 * PAGE)).statuses());
  }

  @Test
  void aReplyIsBoundedOverAllContexts() throws IOException {
    served.disk.resize(4 * ServedDisk.SIZE);
    served.disk.snapshot(1, Optional.of("first"));
    for (int page = 0; page < 4096; page += 2) {
      served.disk.put((long) page * PAGE, new byte[] {1});
    }
    client.select("vm", ALLOCATION, DEPTH, DIRTY + "first");
    client.go("vm");
    Reply reply = good(client.call(BLOCK_STATUS, 0, 0, 4 * ServedDisk.SIZE));
    reply.statuses().values().forEach(extents -> assertEquals(341, extents.size()));
    assertEquals(3, reply.statuses().size());
  }

  @Test
  void aFailureOfOneContextFailsTheRequest() throws IOException {
    served.disk.snapshot(1, Optional.of("first"));
    client.select("vm", ALLOCATION, DIRTY + "first");
    client.go("vm");
    int[] calls = {0};
    served.disk.hook(call -> {
      if (call.kind() == Kind.STATUS && ++calls[0] == 2) {
        throw new IOException("the map cannot be read");
      }
      return true;
    });
    Reply reply = client.call(BLOCK_STATUS, 0, 0, PAGE);
    assertEquals(EIO, reply.error());
    assertTrue(reply.text().contains("the map cannot be read"), reply.text());
    good(client.call(BLOCK_STATUS, 0, 0, PAGE));
  }

  @Test
  void aFailureWhileContextsAreLookedForIsToldAndHoldsNothing() throws IOException {
    served.disk.snapshot(1, Optional.of("first"));
    client.select("vm", ALLOCATION, DIRTY + "first");
    served.disk.hook(call -> {
      if (call.kind() == Kind.STATUS) {
        throw new IOException("the records cannot be read");
      }
      return true;
    });
    OptionReply refusal = client.refusedGo("vm");
    assertTrue(refusal.text().contains("the records cannot be read"), refusal.text());
    String text = refused(OPT_SET_META_CONTEXT, "vm", DIRTY + "first").text();
    assertTrue(text.contains("the records cannot be read"), text);
    assertEquals(0, served.disk.open());
    served.disk.hook(_ -> true);
    client.go("vm");
  }
}
