package dev.kelpie.frontend.nbd;

import dev.kelpie.volume.BlockDevice;
import java.util.List;
import java.util.Optional;

/// What a request must be like to reach the disk. Checked once; behind it nobody checks again.
///
/// @param disk its name, for texts
/// @param contexts that the client may ask for
record Border(BlockDevice device, String disk, Framing framing, List<MetaContext> contexts) {
  static Border of(Agreed agreed) {
    return new Border(agreed.device(), agreed.disk(), agreed.framing(), agreed.contexts());
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
    return switch (request.command()) {
      case FLUSH -> checkFlush(request);
      case BLOCK_STATUS -> checkStatus(request);
      case READ, WRITE, DISC, TRIM, CACHE, WRITE_ZEROES, UNKNOWN -> checkRange(request);
    };
  }

  private int flagsAllowed(Command command) {
    return switch (framing) {
      case SIMPLE -> command.flags() & ~(Protocol.DF | Protocol.PAYLOAD_LEN);
      case STRUCTURED -> command.flags() & ~Protocol.PAYLOAD_LEN;
      case EXTENDED -> command.flags();
    };
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
    if (request.command().hasPayload()
        && Long.compareUnsigned(request.length(), Protocol.PAYLOAD_MAX) > 0) {
      return fault(
          request.has(Protocol.DF) ? NbdError.EOVERFLOW : NbdError.EINVAL,
          range(request) + " is longer than a request may be (" + Protocol.PAYLOAD_MAX + " bytes)");
    }
    long size = device.size();
    if (request.offset() < 0
        || request.length() < 0
        || request.offset() > size - request.length()) {
      boolean fills =
          request.command() == Command.WRITE || request.command() == Command.WRITE_ZEROES;
      return fault(
          fills ? NbdError.ENOSPC : NbdError.EINVAL,
          range(request) + " passes the end of the disk of " + size + " bytes");
    }
    return Optional.empty();
  }

  private Optional<Fault> checkStatus(RequestHeader request) {
    if (contexts.isEmpty()) {
      return invalid("BLOCK_STATUS: no metadata context was negotiated for this export");
    }
    if (!request.isFiltered()) {
      return checkStatusRange(request);
    }
    return StatusFilter.canHave(request.length(), contexts.size()) ? Optional.empty() : badFilter();
  }

  /// Empty where the range of a block status is good.
  Optional<Fault> checkStatusRange(RequestHeader request) {
    return request.length() != 0 ? checkRange(request) : invalid("BLOCK_STATUS of no bytes");
  }

  /// What a client is told whose filter of a block status makes no sense.
  Optional<Fault> badFilter() {
    return invalid(
        "BLOCK_STATUS with a payload that is not a length of 8 bytes and ids of 4 bytes, each of"
            + " another one of the "
            + contexts.size()
            + " negotiated contexts");
  }

  private static String range(RequestHeader request) {
    return request.command()
        + " of "
        + Long.toUnsignedString(request.length())
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
