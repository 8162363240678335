package dev.kelpie.dog;

import dev.kelpie.dog.BackupFormat.Part;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.RequestFields;
import java.nio.ByteBuffer;
import java.util.Optional;

/// `dog vdi restore` (spec/cli.md §4.15): the working VDI is replaced by a clone of the snapshot,
/// the backup is written over it, and that becomes a snapshot; a working VDI is made anew from the
/// one that the former came from. The header is looked at before anything is lost, where the
/// original deletes the working VDI first.
final class VdiRestore implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    Snapshot which = in.options().snapshot();
    if (which.none()) {
      throw new WrongUsage(
          "We can restore a backup file only to snapshots", "Please specify the '-s' option");
    }
    InodeHeader snapshot = open(in, name, which);
    if (in.console().terminal().typing()) {
      throw new WrongUsage("stdin must be pipe");
    }
    readHeader(in);
    Optional<InodeHeader> parent = parentOfWorking(in, name);
    ObjectMap map = in.vdis().map(snapshot);
    VdiId restored = replace(in, name, snapshot);
    ObjectWriter writer = new ObjectWriter(in.sheep(), restored, map, 0);
    try {
      apply(in, writer, map.count());
    } catch (LostConnection e) {
      undo(in, name, parent);
      throw e;
    } catch (Failure e) {
      writer.abandon();
      undo(in, name, parent);
      throw e;
    }
    InodeHeader base = parent.orElse(snapshot);
    int vdi = parent.isPresent() ? base.vdi() : restored.value();
    resume(in, name, from(base, vdi, RequestFields.Vdi.SNAPSHOT));
    return ExitStatus.SUCCESS;
  }

  private static InodeHeader open(Invocation in, String name, Snapshot which)
      throws Failure, MalformedPayload {
    try {
      return in.vdis().open(name, which);
    } catch (LostConnection e) {
      throw e;
    } catch (Failure e) {
      throw e.and(
          "Snapshot ID "
              + Integer.toUnsignedString(which.id())
              + " or tag "
              + which.tag()
              + " doesn't exist");
    }
  }

  private static void readHeader(Invocation in) throws Failure {
    ByteBuffer header = SheepClient.allocate(BackupFormat.HEADER_SIZE);
    try {
      in.console().read(header);
    } catch (Failure e) {
      String why = String.join(" ", e.lines()).replace("Failed to read from stdin: ", "");
      throw new Failure(ExitStatus.SYSTEM, "failed to read backup header, " + why);
    }
    if (!BackupFormat.isHeader(header.flip())) {
      throw new Failure(ExitStatus.SYSTEM, "The backup file is corrupted");
    }
  }

  /// The snapshot that the working VDI comes from; empty where there is no working VDI, or it comes
  /// from none that still exists.
  private static Optional<InodeHeader> parentOfWorking(Invocation in, String name)
      throws Failure, MalformedPayload {
    Reply working = in.vdis().lookup(name, Snapshot.NONE);
    if (!working.success()) {
      return Optional.empty();
    }
    int parent = in.vdis().open(name, Snapshot.NONE).parent();
    for (InodeHeader inode : new VdiScan(in).named(name)) {
      if (inode.vdi() == parent) {
        return Optional.of(inode);
      }
    }
    return Optional.empty();
  }

  private static VdiId replace(Invocation in, String name, InodeHeader snapshot) throws Failure {
    try {
      return in.vdis().create(name, from(snapshot, snapshot.vdi(), RequestFields.Vdi.ROLLBACK));
    } catch (LostConnection e) {
      throw e;
    } catch (Failure e) {
      throw e.and("Failed to delete the current state");
    }
  }

  /// Writes all parts of the backup.
  ///
  /// @param objects that the VDI can have
  private static void apply(Invocation in, ObjectWriter writer, int objects) throws Failure {
    ByteBuffer record = SheepClient.allocate(BackupFormat.RECORD_SIZE);
    ByteBuffer data = SheepClient.allocate(ObjectId.DATA_SIZE);
    for (Part part = next(in, record); !part.equals(Part.LAST); part = next(in, record)) {
      if (!part.fits(objects)) {
        throw new Failure(ExitStatus.SYSTEM, "The backup file is corrupted");
      }
      read(in, data.clear().limit(part.length()));
      try {
        writer.write(part.index(), part.offset(), data.flip());
      } catch (ObjectWriter.Unwritten e) {
        throw e.and("failed to restore backup");
      }
    }
    try {
      writer.finish();
    } catch (ObjectWriter.Unwritten e) {
      throw e.and("failed to restore backup");
    }
  }

  private static Part next(Invocation in, ByteBuffer record) throws Failure {
    read(in, record.clear());
    Part part = Part.decode(record.flip());
    return part.index() == Part.LAST.index() ? Part.LAST : part;
  }

  private static void read(Invocation in, ByteBuffer into) throws Failure {
    int wanted = into.remaining();
    if (in.console().read(into) != wanted) {
      throw new Failure(ExitStatus.SYSTEM, "failed to read backup data");
    }
  }

  /// Puts a working VDI as its parent was in the place of what was restored in part; that stays
  /// where there is no such parent.
  private static void undo(Invocation in, String name, Optional<InodeHeader> parent)
      throws Failure {
    if (parent.isPresent()) {
      resume(in, name, from(parent.get(), parent.get().vdi(), RequestFields.Vdi.ROLLBACK));
    }
  }

  private static void resume(Invocation in, String name, RequestFields.Vdi how) throws Failure {
    try {
      in.vdis().create(name, how);
    } catch (LostConnection e) {
      throw e;
    } catch (Failure e) {
      throw e.and("failed to resume the current vdi");
    }
  }

  private static RequestFields.Vdi from(InodeHeader base, int vdi, int how) {
    return new RequestFields.Vdi(
        base.size(),
        vdi,
        base.copies(),
        base.copyPolicy(),
        base.storePolicy(),
        base.blockSizeShift(),
        how,
        0);
  }
}
