package dev.kelpie.replica;

import dev.kelpie.testing.PatchedClasses;
import dev.kelpie.testing.PatchedClasses.Edit;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The simulation of gateways finds each of these bugs, planted one at a time.
final class GatewayPlantsTest {
  private static final int EVENTS = 60;
  private static final int SEEDS = 300;

  /// Nodes, copies, and how many at least.
  private static final List<List<Integer>> SHAPES =
      List.of(List.of(3, 3, 2), List.of(4, 3, 2), List.of(3, 2, 1));

  private record Plant(String name, String in, String find, String put) {}

  private static final List<Plant> PLANTS =
      List.of(
          new Plant(
              "an older connection is read on beside the newer one",
              "peer.Callers",
              "      before.forEach(Conversation::end);\n      admitted = awaitAlone(next, limit);",
              "      admitted = true;"),
          new Plant(
              "a request that was not answered in time leaves its connection as it is",
              "peer.PeerConnection",
              "return mine.await(this::giveUp);",
              "return mine.await(() -> mine.failed(new IOException(\"late\")));"),
          new Plant(
              "an answer is taken for that to another request",
              "peer.PeerConnection",
              "Pending<?> asked = pending.remove(id);",
              "Pending<?> asked = pending.remove(pending.keySet().iterator().next());"),
          new Plant(
              "what was asked under another configuration is done",
              "replica.Primary",
              "if (mine.claim.ballot() != claim.ballot()) {",
              "if (false) {"),
          new Plant(
              "it is asked again without a look at the record",
              "replica.ReplicatedStore",
              "config = retries.look(table, slot);",
              "config = table.of(slot);"),
          new Plant(
              "a barrier forgets a slot",
              "replica.Barriers",
              "this.open = open.slots();",
              "this.open = open.slots(); if (this.open.size() > 1) this.open.remove(this.open.lastKey());"),
          new Plant(
              "a barrier forgets what was deferred while it was under way",
              "replica.DeferredChanges",
              "removeIf(last -> last <= moment)",
              "removeIf(last -> true)"));

  @TestFactory
  Stream<DynamicTest> plantedBugsAreFound() {
    return PLANTS.stream()
        .filter(plant -> plant.name.contains(System.getProperty("gateway.plant", "")))
        .map(plant -> DynamicTest.dynamicTest(plant.name, () -> assertFound(plant)));
  }

  private static void assertFound(Plant plant) throws Exception {
    PatchedClasses classes =
        PatchedClasses.of(List.of(new Edit("dev.kelpie." + plant.in, plant.find, plant.put)));
    Class<?> simulation = classes.loadClass(GatewaySimulation.class.getName());
    Method run =
        simulation.getMethod("run", long.class, int.class, int.class, int.class, int.class);
    for (long seed = 1; seed <= SEEDS; seed++) {
      for (List<Integer> shape : SHAPES) {
        try {
          run.invoke(null, seed, shape.get(0), shape.get(1), shape.get(2), EVENTS);
        } catch (InvocationTargetException e) {
          String what = String.valueOf(e.getCause()).lines().findFirst().orElse("");
          System.out.println(plant.name + ": " + what);
          return;
        }
      }
    }
    throw new AssertionError("not found: " + plant.name);
  }
}
