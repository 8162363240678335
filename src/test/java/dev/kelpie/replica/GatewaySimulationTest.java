package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Gateways, the network between nodes and replication keep their promises under every fault that a
/// simulation can bring. `-Dgateway.seed=` and `-Dgateway.runs=` try others, or more.
final class GatewaySimulationTest {
  private static final int EVENTS = 60;
  private static final long FIRST = Long.getLong("gateway.seed", 1);
  private static final int RUNS = Integer.getInteger("gateway.runs", 40);

  /// A cluster.
  private record Shape(int nodes, int copies, int least) {
    int run(long seed) {
      return GatewaySimulation.run(seed, nodes, copies, least, EVENTS);
    }
  }

  private static final List<Shape> SHAPES =
      List.of(new Shape(3, 3, 2), new Shape(4, 3, 2), new Shape(3, 2, 1));

  @TestFactory
  Stream<DynamicTest> nothingAcknowledgedIsLostAndNothingComesBack() {
    return SHAPES.stream()
        .map(shape -> DynamicTest.dynamicTest(shape.toString(), () -> runAll(shape)));
  }

  private static void runAll(Shape shape) {
    int answered = 0;
    for (int i = 0; i < RUNS; i++) {
      answered += shape.run(FIRST + i);
    }
    System.out.println(shape + ": " + answered + " answers");
    int all = answered;
    assertTrue(all > RUNS * 50, () -> "the faults leave nothing: " + all + " answers");
  }

  @Test
  void runIsTheSameEachTime() {
    Shape shape = SHAPES.getFirst();
    assertEquals(shape.run(FIRST), shape.run(FIRST));
  }
}
