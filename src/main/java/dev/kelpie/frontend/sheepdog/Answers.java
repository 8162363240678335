package dev.kelpie.frontend.sheepdog;

import dev.kelpie.object.Outcome;
import dev.kelpie.platform.Disk;
import dev.kelpie.vdi.ClientObjects;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiAttributes;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;

/// Which result code says what, here and nowhere else (spec/protocol-and-cache.md §1.8).
final class Answers {
  private Answers() {}

  /// What a store said to a request that may wait.
  static ResultCode of(Outcome outcome) {
    return switch (outcome) {
      case DONE -> ResultCode.SUCCESS;
      case NO_OBJECT -> ResultCode.NO_OBJ;
      case NO_SPACE -> ResultCode.NO_SPACE;
      // Another lease's change came first: these bytes are not what a reader will see.
      case STALE, WOULD_WAIT -> ResultCode.EIO;
    };
  }

  /// What the VDI directory said.
  static Reply of(VdiAnswer answer) {
    return switch (answer) {
      case VdiAnswer.Found found ->
          Reply.of(ResponseFields.Vdi.found(found.vdi().value(), found.copies()));
      case VdiAnswer.Refused refused -> Reply.of(of(refused.reason()));
    };
  }

  /// What was said about an attribute.
  static Reply of(VdiAttributes.Answer answer) {
    return switch (answer) {
      case VdiAttributes.Answer.Found found ->
          Reply.of(new ResponseFields.Vdi(found.nameHash().value(), found.number(), 0, 0));
      case VdiAttributes.Answer.Absent _ -> Reply.of(ResultCode.NO_OBJ);
      case VdiAttributes.Answer.Exists _ -> Reply.of(ResultCode.VDI_EXIST);
      case VdiAttributes.Answer.NoSpace _ -> Reply.of(ResultCode.NO_SPACE);
      case VdiAttributes.Answer.NoVdi noVdi -> Reply.of(of(noVdi.reason()));
    };
  }

  private static ResultCode of(VdiAnswer.Reason reason) {
    return switch (reason) {
      case VDI_EXIST -> ResultCode.VDI_EXIST;
      case NO_VDI -> ResultCode.NO_VDI;
      case NO_TAG -> ResultCode.NO_TAG;
      case NO_BASE_VDI -> ResultCode.NO_BASE_VDI;
      case FULL_VDI -> ResultCode.FULL_VDI;
      case VDI_LOCKED -> ResultCode.VDI_LOCKED;
      case NO_SPACE -> ResultCode.NO_SPACE;
      case INVALID_PARMS -> ResultCode.INVALID_PARMS;
      case WAIT_FOR_FORMAT -> ResultCode.WAIT_FOR_FORMAT;
    };
  }

  /// What a failure is to a client.
  static ResultCode of(IOException failure) {
    return switch (failure) {
      case ClientObjects.ReadOnlyVdi _ -> ResultCode.READONLY;
      case Disk.NoSpace _ -> ResultCode.NO_SPACE;
      case MalformedPayload _, ClientObjects.InvalidChange _ -> ResultCode.INVALID_PARMS;
      default -> ResultCode.EIO;
    };
  }

  /// Whether a failure is the node's trouble, and not an answer to the client's doing.
  static boolean isTrouble(IOException failure) {
    return of(failure) == ResultCode.EIO;
  }
}
