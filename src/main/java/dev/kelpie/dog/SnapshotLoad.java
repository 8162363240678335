package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Redundancy;
import java.util.List;

/// `dog cluster snapshot load` (spec/cli.md §6.7): formats the cluster, makes the snapshots anew,
/// and for each name a working VDI on the newest of them. VDIs are made through the sheep as any
/// other: their ids and times are new, their names, tags, order, content and sharing are the saved
/// ones.
final class SnapshotLoad implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, NotConfirmed, MalformedPayload {
    String word = in.nextArgument().orElseThrow();
    String path =
        in.nextArgument()
            .orElseThrow(() -> new WrongUsage("Please specify the path to load snapshot."));
    List<String> names = SnapshotSave.names(in);
    try {
      load(in, word, path, names);
    } catch (Failure e) {
      throw e.ending(ExitStatus.SYSTEM, "Fail to load snapshot");
    }
    return ExitStatus.SUCCESS;
  }

  private static void load(Invocation in, String word, String path, List<String> names)
      throws Failure, NotConfirmed, MalformedPayload {
    Farm farm = Farm.open(path);
    Trunk trunk = Trunk.load(farm, farm.find(word).trunk());
    SavedVdis vdis = SavedVdis.of(trunk, names);
    List<List<OpenVdi>> chains = vdis.chains();
    if (chains.isEmpty()) {
      throw Farm.broken(
          "Objects of specified VDIs are not found in local cluster snapshot storage.");
    }
    Farm.Kept kept = farm.kept().orElseThrow();
    Redundancy redundancy = new Redundancy(kept.copies(), kept.policy());
    if (ClusterFormat.format(in, redundancy, redundancy) != ExitStatus.SUCCESS) {
      throw Farm.broken();
    }
    VdiRebuild rebuild = new VdiRebuild(in, trunk);
    int total = vdis.headers().size();
    Progress progress = Progress.ofCounts(in.console(), total);
    int done = 0;
    for (List<OpenVdi> chain : chains) {
      progress.at(done);
      rebuild.rebuild(chain);
      done += chain.size();
    }
    progress.at(total);
  }
}
