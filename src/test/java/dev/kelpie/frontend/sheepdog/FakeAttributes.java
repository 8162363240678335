package dev.kelpie.frontend.sheepdog;

import dev.kelpie.model.VdiId;
import dev.kelpie.vdi.VdiAttribute;
import dev.kelpie.vdi.VdiAttributes;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Attributes that are not kept: what was asked is, and the answer is as a test likes it.
final class FakeAttributes implements VdiAttributes {
  final List<String> asked = new CopyOnWriteArrayList<>();
  volatile Answer answer = new Answer.Found(new VdiId(7), 0x1234);

  @Override
  public Answer find(VdiAttribute wanted) {
    return asked("find", wanted);
  }

  @Override
  public Answer put(VdiAttribute attribute, boolean exclusive) {
    return asked(exclusive ? "put new" : "put", attribute);
  }

  @Override
  public Answer remove(VdiAttribute wanted) {
    return asked("remove", wanted);
  }

  private Answer asked(String what, VdiAttribute attribute) {
    asked.add(
        what
            + " "
            + attribute.vdi()
            + " ["
            + attribute.tag()
            + "] "
            + attribute.snapId()
            + " "
            + attribute.key()
            + " "
            + attribute.value().length);
    return answer;
  }
}
