package dev.kelpie.micro;

import dev.kelpie.model.SheepHash;
import dev.kelpie.placement.Ring;
import dev.kelpie.placement.Site;
import dev.kelpie.placement.SlotHolders;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The ring of a hundred nodes in twenty zones with 128 points each: a walk over it for three
/// copies, and what a new list of members costs.
@State(Scope.Thread)
public class Placement {
  private static final int NODES = 100;
  private static final int ZONES = 20;
  private static final int POINTS = 128;
  private static final int COPIES = 3;

  private final List<Site> sites =
      IntStream.range(0, NODES)
          .mapToObj(node -> new Site(SheepHash.next(node), POINTS, node % ZONES))
          .toList();
  private final Ring ring = new Ring(sites);
  private final SplittableRandom random = new SplittableRandom(1);

  @Benchmark
  public int[] holdersOfHash() {
    return ring.holders(random.nextLong(), COPIES);
  }

  @Benchmark
  public SlotHolders holdersOfAllSlots() {
    return new SlotHolders(sites, COPIES);
  }
}
