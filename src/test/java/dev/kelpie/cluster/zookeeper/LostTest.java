package dev.kelpie.cluster.zookeeper;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.junit.jupiter.api.Test;

final class LostTest {
  @Test
  void whatMayHaveBeenDoneIsLost() {
    for (Code code : List.of(Code.CONNECTIONLOSS, Code.OPERATIONTIMEOUT, Code.SESSIONEXPIRED)) {
      assertTrue(Lost.isMeantBy(code), code.name());
    }
  }

  @Test
  void whatWasRefusedIsNot() {
    for (Code code :
        List.of(Code.OK, Code.NONODE, Code.BADVERSION, Code.NOAUTH, Code.UNIMPLEMENTED)) {
      assertFalse(Lost.isMeantBy(code), code.name());
    }
  }
}
