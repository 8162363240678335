package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.VdiState;
import dev.kelpie.wire.VdiState.Participant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LockCommandsTest {
  private static final NodeId NOBODY = new NodeId(NodeAddress.NONE, NodeAddress.NONE);
  private static final NodeId FIRST = FakeSheep.node(7000, 128, 1).id();
  private static final NodeId SECOND = FakeSheep.node(7001, 128, 1).id();

  private static DogRun cluster() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("vm", "s", 0x100, 1, 1, 0, 0));
    run.sheep.vdi(FakeSheep.inode("vm", "", 0x101, 0, 2, 0x100, 0));
    run.sheep.vdi(FakeSheep.working("shared", 0x200, 0));
    run.sheep.vdi(FakeSheep.working("free", 0x300, 0));
    run.sheep.desk.states.add(state(0x300, VdiState.UNLOCKED, NOBODY));
    run.sheep.desk.states.add(
        state(
            0x200,
            VdiState.SHARED,
            NOBODY,
            new Participant(Participant.MODIFIED, FIRST),
            new Participant(Participant.INVALIDATED, SECOND)));
    run.sheep.desk.states.add(state(0x100, VdiState.UNLOCKED, NOBODY));
    run.sheep.desk.states.add(state(0x101, VdiState.LOCKED, FIRST));
    return run;
  }

  private static VdiState state(int vdi, int lock, NodeId owner, Participant... participants) {
    return new VdiState(vdi, 2, false, 0, lock, owner, List.of(participants));
  }

  @Test
  void locksAreListedInTheOrderOfIds() {
    cluster()
        .dog("vdi lock list")
        .prints(
            """
            VDI | owner node
            vm | IPv4 ip:127.0.0.1 port:7000
            shared | IPv4 ip:127.0.0.1 port:7000(modified) IPv4 ip:127.0.0.1 port:7001(invalidated)
            """);
    new DogRun().dog("vdi lock list").prints("VDI | owner node\n");
  }

  @Test
  void locksAreListedAsJson() {
    cluster()
        .dog("vdi lock list --json")
        .prints(
            "[{\"name\":\"vm\",\"vdi\":\"101\",\"type\":\"normal\",\"owners\":["
                + "{\"node\":\"127.0.0.1:7000\"}]},"
                + "{\"name\":\"shared\",\"vdi\":\"200\",\"type\":\"shared\",\"owners\":["
                + "{\"node\":\"127.0.0.1:7000\",\"state\":\"modified\"},"
                + "{\"node\":\"127.0.0.1:7001\",\"state\":\"invalidated\"}]}]\n");
  }

  @Test
  void theVdiOfANameThatIsLockedIsUnlocked() {
    DogRun run = cluster();
    run.dog("vdi lock unlock vm").prints("");
    assertEquals(Opcode.RELEASE_VDI, run.sheep.opcodes().getLast());
    assertEquals(new RequestFields.Vdi(0, 0x101, 0, 0, 0, 0, 0, 0), run.sheep.desk.lastFields());
    run.dog("vdi lock unlock shared").prints("");
    assertEquals(new RequestFields.Vdi(0, 0x200, 0, 0, 0, 0, 0, 1), run.sheep.desk.lastFields());
  }

  @Test
  void whatIsNotLockedCannotBeUnlocked() {
    cluster().dog("vdi lock unlock free").fails("VDI: free is not locked\n", 2);
    cluster().dog("vdi lock unlock gone").fails("VDI: gone not found\n", 2);
    DogRun run = cluster();
    run.sheep.refusals.put(Opcode.RELEASE_VDI, ResultCode.EIO);
    run.dog("vdi lock unlock vm").fails("Response's result: I/O error\n", 1);
  }

  @Test
  void moreStatesThanTheFirstRoomHoldsAreAskedForAgain() {
    DogRun run = cluster();
    for (int i = 0; i < 800; i++) {
      run.sheep.vdi(FakeSheep.working("n" + i, 0x1000 + i, 0));
      run.sheep.desk.states.add(state(0x1000 + i, VdiState.UNLOCKED, NOBODY));
    }
    assertEquals(3, run.dog("vdi lock list").out().lines().count());
  }
}
