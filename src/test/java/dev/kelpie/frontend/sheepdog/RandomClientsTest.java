package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.testing.Seeds;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Clients at random: each has objects of its own, sends many requests ahead that do not depend on
/// each other, loses its connection now and then, and compares everything with a model.
@Timeout(120)
final class RandomClientsTest {
  private static final int CLIENTS = 4;
  private static final int OBJECTS = 6;
  private static final int ROUNDS = 60;
  private static final int[] FLAGS = {0, RequestFlags.CACHE, RequestFlags.DIRECT};

  @Test
  void whatIsReadIsWhatWasAcknowledgedLast_I7_I12() throws Exception {
    try (Rig rig = new Rig()) {
      List<Thread> threads = new ArrayList<>();
      List<Throwable> failures = new CopyOnWriteArrayList<>();
      for (int number = 1; number <= CLIENTS; number++) {
        One client = new One(rig, number);
        threads.add(
            Thread.ofPlatform()
                .uncaughtExceptionHandler((_, failure) -> failures.add(failure))
                .start(client));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), failures);
    }
  }

  /// One client and its model.
  private static final class One implements Runnable {
    private final Rig rig;
    private final RandomGenerator chance;
    private final VdiId vdi;
    private final Map<Integer, byte[]> model = new HashMap<>();
    private StrictClient client;

    /// A request on one object: what it sends and what it makes of the model.
    private record Step(int index, RequestHeader header, byte[] payload, byte[] after) {}

    One(Rig rig, int number) throws IOException {
      this.rig = rig;
      this.chance = Seeds.generator("RandomClientsTest." + number);
      this.vdi = new VdiId(number);
      this.client = rig.client();
    }

    @Override
    public void run() {
      try {
        for (int round = 0; round < ROUNDS; round++) {
          changeManyAtOnce();
          compare();
        }
      } catch (IOException failure) {
        throw new AssertionError(failure);
      }
    }

    /// Sends one change for some of the objects, all at once; where the connection is lost on
    /// purpose, all of them again on a new one, as QEMU does.
    private void changeManyAtOnce() throws IOException {
      List<Step> steps = new ArrayList<>();
      for (int index = 0; index < OBJECTS; index++) {
        if (chance.nextBoolean()) {
          steps.add(step(index));
        }
      }
      if (chance.nextInt(8) == 0) {
        for (Step step : steps) {
          client.send(step.header, step.payload);
        }
        client.close();
        client = rig.client();
      }
      Map<Integer, Step> sent = new HashMap<>();
      for (Step step : steps) {
        sent.put(client.send(step.header, step.payload), step);
      }
      for (int i = 0; i < steps.size(); i++) {
        StrictClient.Answer answer = client.receive();
        answer.is(ResultCode.SUCCESS);
        sent.remove(answer.header().id());
      }
      assertEquals(Map.of(), sent);
      steps.forEach(step -> model.put(step.index, step.after));
    }

    private Step step(int index) {
      byte[] payload = new byte[chance.nextInt(1, 1 << chance.nextInt(1, 18))];
      chance.nextBytes(payload);
      int offset = chance.nextInt(ObjectId.DATA_SIZE - payload.length);
      Optional<byte[]> now = Optional.ofNullable(model.get(index));
      if (now.isEmpty() || chance.nextInt(4) == 0) {
        byte[] fresh = new byte[ObjectId.DATA_SIZE];
        return change(Opcode.CREATE_AND_WRITE_OBJ, index, offset, payload, fresh);
      }
      return change(Opcode.WRITE_OBJ, index, offset, payload, now.get().clone());
    }

    private Step change(Opcode opcode, int index, int offset, byte[] payload, byte[] content) {
      System.arraycopy(payload, 0, content, offset, payload.length);
      int flags = RequestFlags.WRITE | FLAGS[chance.nextInt(FLAGS.length)];
      RequestFields fields = RequestFields.Obj.at(ObjectId.data(vdi, index), offset);
      RequestHeader header = RequestHeader.of(opcode, flags, payload.length, fields);
      return new Step(index, header, payload, content);
    }

    /// Reads parts of all objects, all at once.
    private void compare() throws IOException {
      Map<Integer, int[]> sent = new HashMap<>();
      for (int index = 0; index < OBJECTS; index++) {
        int length = chance.nextInt(1, 1 << chance.nextInt(1, 22));
        int offset = chance.nextInt(ObjectId.DATA_SIZE - length);
        RequestFields fields = RequestFields.Obj.at(ObjectId.data(vdi, index), offset);
        int flags = FLAGS[chance.nextInt(FLAGS.length)];
        int id = client.send(RequestHeader.of(Opcode.READ_OBJ, flags, length, fields));
        sent.put(id, new int[] {index, offset, length});
      }
      for (int i = 0; i < OBJECTS; i++) {
        StrictClient.Answer answer = client.receive();
        int[] range = Objects.requireNonNull(sent.get(answer.header().id()));
        Optional<byte[]> expected = Optional.ofNullable(model.get(range[0]));
        answer.is(expected.isPresent() ? ResultCode.SUCCESS : ResultCode.NO_OBJ);
        expected.ifPresent(all ->
            assertArrayEquals(
                Arrays.copyOfRange(all, range[1], range[1] + range[2]), answer.bytes()));
      }
    }
  }
}
