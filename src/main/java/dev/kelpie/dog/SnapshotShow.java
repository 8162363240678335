package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import java.util.List;

/// `dog cluster snapshot show` (spec/cli.md §6.7), on standard error as in the original.
final class SnapshotShow implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String word = in.nextArgument().orElseThrow();
    String path =
        in.nextArgument()
            .orElseThrow(() -> new WrongUsage("Please specify the path to show snapshot."));
    List<String> names = SnapshotSave.names(in);
    try {
      Farm farm = Farm.open(path);
      SavedVdis vdis = SavedVdis.of(Trunk.load(farm, farm.find(word).trunk()), names);
      int number = 1;
      for (InodeHeader inode : vdis.headers()) {
        in.console()
            .error(
                number++
                    + ". VDI id: "
                    + Values.vdi(inode.vdi())
                    + ", name: "
                    + inode.name()
                    + ", tag: "
                    + inode.tag());
      }
    } catch (Failure e) {
      throw e.ending(ExitStatus.SYSTEM, "Fail to show snapshot");
    }
    return ExitStatus.SUCCESS;
  }
}
