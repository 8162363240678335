package dev.kelpie.wire;

import dev.kelpie.model.ObjectId;

/// How many bytes a payload may have: from `min` to `max`, in steps of `step`.
public record PayloadSize(int min, int max, int step) {
  /// No payload.
  public static final PayloadSize NONE = upTo(0);

  /// Any number; the sender has it in hand anyway.
  public static final PayloadSize ANY = upTo(Integer.MAX_VALUE);

  /// A part of an object; the object's kind limits it further.
  public static final PayloadSize OBJECT = upTo(ObjectId.INODE_SIZE);

  /// The name of a VDI, or its name and a tag.
  public static final PayloadSize NAME =
      new PayloadSize(
          NameAndTag.NAME_SIZE, NameAndTag.SIZE, NameAndTag.SIZE - NameAndTag.NAME_SIZE);

  /// This many and no other.
  static PayloadSize exactly(int bytes) {
    return new PayloadSize(bytes, bytes, 1);
  }

  static PayloadSize upTo(int bytes) {
    return new PayloadSize(0, bytes, 1);
  }

  static PayloadSize atLeast(int bytes) {
    return new PayloadSize(bytes, Integer.MAX_VALUE, 1);
  }

  /// Whether this many bytes are right. Less than 0 stands for 2^31 and more, and is not.
  public boolean allows(int bytes) {
    return bytes >= min && bytes <= max && (bytes - min) % step == 0;
  }
}
