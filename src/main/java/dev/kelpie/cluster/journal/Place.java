package dev.kelpie.cluster.journal;

/// Where a frame of a [FrameFile] begins.
///
/// @param offset in bytes from the start of the file
/// @param number of the frame, from 1 without gaps
public record Place(long offset, long number) {
  /// The place of the first frame.
  public static final Place FIRST = new Place(FrameFormat.HEADER_SIZE, 1);

  Place after(long size) {
    return new Place(offset + size, number + 1);
  }
}
