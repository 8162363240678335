package dev.kelpie.object;

import dev.kelpie.model.ObjectId;
import java.io.IOException;

/// The stored bytes do not match their checksum, so they are not served.
public final class ObjectDamaged extends IOException {
  private static final long serialVersionUID = 1;

  private final long object;
  private final int offset;
  private final String where;

  /// Names the object, the first damaged byte, and `where` (the file or device, in words).
  public ObjectDamaged(ObjectId object, int offset, String where) {
    super("object " + object + " is damaged at byte " + offset + " (" + where + ")");
    this.object = object.value();
    this.offset = offset;
    this.where = where;
  }

  /// What is damaged.
  public ObjectId object() {
    return new ObjectId(object);
  }

  /// The first damaged byte.
  public int offset() {
    return offset;
  }

  /// The file or device, in words.
  public String where() {
    return where;
  }
}
