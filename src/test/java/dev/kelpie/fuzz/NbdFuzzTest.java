package dev.kelpie.fuzz;

import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.nbd.ServedDisk;
import dev.kelpie.testing.MemoryVdi;
import dev.kelpie.testing.NbdClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The NBD server under clients that send anything. After each, a proper client is served and finds
/// its data; after each round nothing is left (see [ServedDisk]).
final class NbdFuzzTest {
  private static final int SESSIONS = 60;
  private static final String INTACT = "intact";
  private static final int INTACT_LENGTH = 5000;
  private static final int OPTIONS_MAX = 12;
  private static final int REQUESTS_MAX = 40;
  private static final int PAYLOAD_MAX = 64 << 10;
  private static final int OPTION_REPLY_DATA_MAX = 64 << 10;
  private static final int REQUEST_SIZE = 28;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
  private static final String[] NAMES = {"vm", "", "vm@snapshot", "nothing", "vm;cache=none", "\0"};

  @Test
  void anythingIsAnsweredByTheRulesOrCutOff() throws Exception {
    Fuzz.run("NbdFuzzTest", NbdFuzzTest::round);
  }

  private static void round(Dice dice) throws Exception {
    byte[] intact = dice.bytes(INTACT_LENGTH);
    try (ServedDisk served = new ServedDisk()) {
      MemoryVdi disk = served.with(INTACT);
      disk.put(77, intact);
      for (int i = 0; i < SESSIONS; i++) {
        if (dice.once(2)) {
          haggle(served, dice);
        } else {
          transmit(served, dice);
        }
        try (NbdClient proper = served.stranger().greet()) {
          proper.go(INTACT);
          assertArrayEquals(intact, proper.read(77, INTACT_LENGTH));
        }
      }
      served.awaitNobody();
      assertArrayEquals(intact, disk.bytes(77, INTACT_LENGTH));
      served.assertNoErrors();
    }
  }

  // The handshake.

  private static void haggle(ServedDisk served, Dice dice) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(number(dice.once(8) ? dice.any() : dice.of(3, 3, 1)));
    for (int options = dice.below(OPTIONS_MAX); options >= 0; options--) {
      out.writeBytes(option(dice));
    }
    out.writeBytes(request(dice, 1));
    byte[] bytes = dice.once(2) ? dice.broken(out.toByteArray()) : out.toByteArray();
    bytes = dice.once(10) ? dice.bytes(bytes.length) : bytes;
    try (NbdClient client = served.stranger()) {
      Thread sender = sending(client, bytes, dice);
      takeOptionReplies(client, numbersIn(bytes));
      sender.join();
    }
  }

  private static byte[] number(int number) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
  }

  private static byte[] option(Dice dice) {
    int number = dice.once(10) ? dice.below(20) : dice.of(2, 3, 5, 6, 7, 8, 9, 10, 1, 6, 9, 10);
    String name = dice.of(NAMES);
    byte[] data =
        switch (number) {
          case OPT_INFO, OPT_GO -> NbdClient.info(name, dice.below(6), dice.below(6));
          case OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT ->
              NbdClient.contexts(name, dice.of("base:allocation", "base:", "x:y", ""), "base:");
          case OPT_EXPORT_NAME -> name.getBytes(StandardCharsets.ISO_8859_1);
          default -> new byte[0];
        };
    byte[] option = NbdClient.optionBytes(number, dice.once(4) ? dice.broken(data) : data);
    if (dice.once(10)) {
      ByteBuffer.wrap(option).putInt(12, (int) dice.number());
    }
    return option;
  }

  /// The numbers of options that somebody may read in these bytes.
  private static Set<Integer> numbersIn(byte[] bytes) {
    Set<Integer> numbers = new HashSet<>();
    for (int at = 0; at + Integer.BYTES <= bytes.length; at++) {
      numbers.add(ByteBuffer.wrap(bytes).getInt(at));
    }
    return numbers;
  }

  /// Reads replies to options: each to one that was sent and of a bounded length. What follows the
  /// choice of a disk is only drained.
  private static void takeOptionReplies(NbdClient client, Set<Integer> numbers) {
    try {
      client.take(18);
      while (ByteBuffer.wrap(client.take(Long.BYTES)).getLong() == OPTION_REPLY_MAGIC) {
        ByteBuffer reply = ByteBuffer.wrap(client.take(12));
        int number = reply.getInt();
        int type = reply.getInt();
        int length = reply.getInt();
        assertTrue(numbers.contains(number), "a reply to option " + number);
        assertTrue(type != 0, "a reply of type 0");
        assertTrue(length >= 0 && length <= OPTION_REPLY_DATA_MAX, length + " bytes of reply");
        client.take(length);
      }
      while (true) {
        client.take(1);
      }
    } catch (IOException _) {
      // the end, in whatever way
    }
  }

  // Transmission.

  private static void transmit(ServedDisk served, Dice dice) throws Exception {
    boolean structured = dice.once(2);
    try (NbdClient client = served.stranger().greet()) {
      if (structured) {
        client.structured().allocation("vm");
      }
      client.go("vm");
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      int requests = 1 + dice.below(REQUESTS_MAX);
      for (int cookie = 1; cookie <= requests; cookie++) {
        out.writeBytes(request(dice, cookie));
      }
      out.writeBytes(NbdClient.request(DISC, 0, requests + 1, 0, 0));
      boolean sound = dice.once(2);
      byte[] bytes = sound ? out.toByteArray() : dice.broken(out.toByteArray());
      if (expect(client, bytes)) {
        Thread sender = sending(client, bytes, dice);
        takeReplies(client);
        sender.join();
        assertTrue(!sound || client.inFlight() == 0, "every request is answered");
      }
    }
  }

  private static byte[] request(Dice dice, long cookie) {
    int command = dice.once(20) ? dice.below(12) : dice.of(0, 1, 3, 4, 5, 6, 7);
    int flags = dice.once(4) ? dice.below(64) : 0;
    long offset = dice.once(4) ? dice.number() : dice.below((int) ServedDisk.SIZE);
    int length = dice.below(PAYLOAD_MAX);
    byte[] payload = command == WRITE ? dice.bytes(length) : new byte[0];
    boolean odd = command != WRITE && dice.once(6);
    return NbdClient.request(
        command == DISC ? FLUSH : command,
        flags,
        cookie,
        offset,
        odd ? dice.number() : length,
        payload);
  }

  /// Tells the client which replies are right, by the rules of the protocol.
  ///
  /// @return false where two requests have one cookie, so that nobody can tell
  private static boolean expect(NbdClient client, byte[] bytes) {
    Set<Long> cookies = new HashSet<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.remaining() >= REQUEST_SIZE && in.getInt() == REQUEST_MAGIC) {
      int flags = in.getShort() & 0xffff;
      int command = in.getShort() & 0xffff;
      long cookie = in.getLong();
      long offset = in.getLong();
      long length = in.getInt() & 0xffff_ffffL;
      if (command == DISC) {
        return true;
      }
      if (!cookies.add(cookie)) {
        return false;
      }
      client.expect(command, flags, cookie, offset, length);
      long payload = command == WRITE ? length : 0;
      if (payload > in.remaining()) {
        return true; // it may be refused for its header alone
      }
      in.position(in.position() + (int) payload);
    }
    return true;
  }

  private static void takeReplies(NbdClient client) {
    try {
      while (true) {
        NbdClient.Reply _ = client.receive();
      }
    } catch (IOException _) {
      // the end, in whatever way
    }
  }

  /// Sends in pieces, and hangs up on one side or both.
  private static Thread sending(NbdClient client, byte[] bytes, Dice dice) {
    int piece = dice.of(1 << 20, 1 << 20, 28, 1000);
    return Thread.startVirtualThread(() -> {
      try {
        for (int at = 0; at < bytes.length; at += piece) {
          client.sendRaw(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + piece)));
        }
        client.shutdownOutput();
      } catch (IOException _) {
        // cut off, as it may be
      }
    });
  }
}
