package dev.kelpie.vdi;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiAttributes.Answer.Absent;
import dev.kelpie.vdi.VdiAttributes.Answer.Exists;
import dev.kelpie.vdi.VdiAttributes.Answer.Found;
import dev.kelpie.vdi.VdiAttributes.Answer.NoSpace;
import dev.kelpie.vdi.VdiAttributes.Answer.NoVdi;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// [VdiAttributes] in the object store, under the lock of their VDI's name: each attribute is an
/// object, searched for from its hash on until a number is free. A deleted one keeps its number, so
/// that those behind it are found, and its place is taken by the next new one.
final class AttributeObjects implements VdiAttributes {
  private final VdiLookup lookup;
  private final VdiTable table;
  private final NameLocks names;
  private final ObjectStore objects;

  AttributeObjects(VdiLookup lookup, VdiTable table, NameLocks names, ObjectStore objects) {
    this.lookup = lookup;
    this.table = table;
    this.names = names;
    this.objects = objects;
  }

  @Override
  public Answer find(VdiAttribute wanted) throws IOException {
    return withVdi(wanted, (place, _) -> place.answer());
  }

  @Override
  public Answer put(VdiAttribute attribute, boolean exclusive) throws IOException {
    return withVdi(
        attribute,
        (place, vdi) -> exclusive && place.taken ? new Exists() : store(attribute, place, vdi));
  }

  @Override
  public Answer remove(VdiAttribute wanted) throws IOException {
    return withVdi(wanted, (place, _) -> place.taken ? erase(place) : new Absent());
  }

  private Answer store(VdiAttribute attribute, Place place, VdiId vdi) throws IOException {
    long createTime = table.live(vdi).map(VdiRecord::createTime).orElse(0L);
    Extent all = new Extent(0, ByteBuffer.wrap(attribute.encode(createTime)));
    Outcome outcome = objects.create(place.object(), Base.ZEROS, List.of(all), place.change());
    return switch (outcome) {
      case DONE -> place.found();
      case NO_SPACE -> new NoSpace();
      case NO_OBJECT, STALE, WOULD_WAIT -> throw failed(place, outcome);
    };
  }

  /// The name becomes empty, which is how the original deletes an attribute.
  private Answer erase(Place place) throws IOException {
    Extent end = new Extent(0, ByteBuffer.allocate(1));
    Outcome outcome = objects.write(place.object(), List.of(end), place.change());
    return switch (outcome) {
      case DONE -> place.found();
      case NO_SPACE -> new NoSpace();
      case NO_OBJECT, STALE, WOULD_WAIT -> throw failed(place, outcome);
    };
  }

  private static IOException failed(Place place, Outcome outcome) {
    return new IOException("attribute " + place.object() + " cannot be changed: " + outcome);
  }

  private Answer withVdi(VdiAttribute attribute, Use use) throws IOException {
    int hash = SheepHash.vdiSlot(attribute.vdi().bytes());
    if (hash == 0) {
      return new NoVdi(Reason.INVALID_PARMS); // no object can carry it
    }
    names.lock(attribute.vdi());
    try {
      VdiAnswer found = lookup.find(attribute.vdi(), attribute.tag(), attribute.snapId());
      return switch (found) {
        case VdiAnswer.Found(VdiId vdi, int _) -> use.of(search(new VdiId(hash), attribute), vdi);
        case VdiAnswer.Refused(Reason reason) -> new NoVdi(reason);
      };
    } finally {
      names.unlock(attribute.vdi());
    }
  }

  private Place search(VdiId nameHash, VdiAttribute wanted) throws IOException {
    Optional<Place> erased = Optional.empty();
    Place place = new Place(nameHash, wanted.firstNumber(), false);
    for (Optional<byte[]> head = head(place); head.isPresent(); head = head(place)) {
      if (wanted.isIn(head.get())) {
        return new Place(nameHash, place.number, true);
      }
      if (head.get()[0] == 0 && erased.isEmpty()) {
        erased = Optional.of(place);
      }
      place = new Place(nameHash, place.number + 1, false);
    }
    return erased.orElse(place);
  }

  private Optional<byte[]> head(Place place) throws IOException {
    byte[] head = new byte[VdiAttribute.VALUE];
    Access access = new Access(place.nameHash, Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
    Outcome outcome = objects.read(place.object(), 0, ByteBuffer.wrap(head), access);
    return switch (outcome) {
      case DONE -> Optional.of(head);
      case NO_OBJECT -> Optional.empty();
      case NO_SPACE, STALE, WOULD_WAIT ->
          throw new IOException("attribute " + place.object() + " cannot be read: " + outcome);
    };
  }

  /// Where an attribute is, or would be.
  private record Place(VdiId nameHash, int number, boolean taken) {
    ObjectId object() {
      return ObjectId.attribute(nameHash, number);
    }

    Change change() {
      return Change.of(nameHash, Generation.NONE, CacheMode.DIRECT, Durability.DURABLE);
    }

    Answer found() {
      return new Found(nameHash, number);
    }

    Answer answer() {
      return taken ? found() : new Absent();
    }
  }

  private interface Use {
    Answer of(Place place, VdiId vdi) throws IOException;
  }
}
