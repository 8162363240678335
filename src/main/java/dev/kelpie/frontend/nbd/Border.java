package dev.kelpie.frontend.nbd;

import dev.kelpie.volume.BlockDevice;
import java.util.Optional;

/// What a request must be like to reach the disk. Checked once; behind it nobody checks again.
///
/// @param disk its name, for texts
/// @param allocation whether the client may ask for the block status
record Border(BlockDevice device, String disk, boolean structured, boolean allocation) {
  static Border of(Agreed agreed) {
    return new Border(agreed.device(), agreed.disk(), agreed.structured(), agreed.allocation());
  }

  /// Empty where the request is good.
  Optional<Fault> check(RequestHeader request) {
    if (request.command() == Command.UNKNOWN) {
      return invalid("command " + request.type() + " is not known");
    }
    if ((request.flags() & ~flagsAllowed(request.command())) != 0) {
      return invalid(
          request.command()
              + " with flags 0x"
              + Integer.toHexString(request.flags())
              + ": not known for it, or not negotiated");
    }
    return request.command() == Command.FLUSH ? checkFlush(request) : checkRange(request);
  }

  private int flagsAllowed(Command command) {
    return structured ? command.flags() : command.flags() & ~Protocol.DF;
  }

  private Optional<Fault> checkFlush(RequestHeader request) {
    return request.offset() == 0 && request.length() == 0
        ? Optional.empty()
        : invalid("FLUSH covers the whole disk: its offset and length have to be 0");
  }

  private Optional<Fault> checkRange(RequestHeader request) {
    if (request.command().writes() && device.readOnly()) {
      return fault(NbdError.EPERM, disk + " is read-only");
    }
    if (request.command().hasPayload() && request.length() > Protocol.PAYLOAD_MAX) {
      return fault(
          request.has(Protocol.DF) ? NbdError.EOVERFLOW : NbdError.EINVAL,
          range(request) + " is longer than a request may be (" + Protocol.PAYLOAD_MAX + " bytes)");
    }
    long size = device.size();
    if (request.offset() < 0 || request.offset() > size - request.length()) {
      boolean fills =
          request.command() == Command.WRITE || request.command() == Command.WRITE_ZEROES;
      return fault(
          fills ? NbdError.ENOSPC : NbdError.EINVAL,
          range(request) + " passes the end of the disk of " + size + " bytes");
    }
    return request.command() == Command.BLOCK_STATUS ? checkStatus(request) : Optional.empty();
  }

  private Optional<Fault> checkStatus(RequestHeader request) {
    if (!allocation) {
      return invalid("BLOCK_STATUS: no metadata context was negotiated for this export");
    }
    return request.length() > 0 ? Optional.empty() : invalid("BLOCK_STATUS of no bytes");
  }

  private static String range(RequestHeader request) {
    return request.command()
        + " of "
        + request.length()
        + " bytes at "
        + Long.toUnsignedString(request.offset());
  }

  private static Optional<Fault> invalid(String text) {
    return fault(NbdError.EINVAL, text);
  }

  private static Optional<Fault> fault(NbdError error, String text) {
    return Optional.of(new Fault(error, text));
  }
}
