package dev.kelpie.replica;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/// Asks nodes at the same time: this one without a network, the others each in a task. How long
/// that takes at most is the business of those [Copies].
public final class AllAtOnce implements Everywhere {
  private final String self;
  private final Copies own;
  private final Function<String, Copies> others;
  private final Tasks tasks;
  private final Locks locks;

  /// @param self the name of this node
  /// @param others the copies of another node
  public AllAtOnce(
      String self, Copies own, Function<String, Copies> others, Tasks tasks, Locks locks) {
    this.self = self;
    this.own = own;
    this.others = others;
    this.tasks = tasks;
    this.locks = locks;
  }

  @Override
  public Copies at(String node) {
    return node.equals(self) ? own : others.apply(node);
  }

  @Override
  public <T> Map<String, T> ask(List<String> nodes, Question<T> question) throws IOException {
    Map<String, T> answers = new ConcurrentHashMap<>();
    Map<String, Outdated> outdated = new ConcurrentHashMap<>();
    List<Runnable> parts = new ArrayList<>();
    for (String node : nodes) {
      Runnable part = () -> ask(node, question, answers, outdated);
      // The last one is asked in this task, while the others are on their way.
      parts.add(node.equals(self) ? parts.size() : 0, part);
    }
    Together.run("replica ask", parts, tasks, locks);
    Optional<Outdated> refusal = outdated.values().stream().findFirst();
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    return new HashMap<>(answers);
  }

  private <T> void ask(
      String node, Question<T> question, Map<String, T> answers, Map<String, Outdated> outdated) {
    try {
      answers.put(node, question.of(at(node)));
    } catch (Outdated e) {
      outdated.put(node, e);
    } catch (IOException _) {
      // It did not answer: it is not among those that did.
    }
  }
}
