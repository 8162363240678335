package dev.kelpie.replica;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// Looks at every call of an interface, and may have it fail.
final class Calls {
  private Calls() {}

  /// What is done around a call.
  interface Around {
    /// Done before or after a call.
    ///
    /// @param method its name
    void run(String method) throws IOException;
  }

  /// The same, one call at a time.
  static <T> T alone(Class<T> type, T target, Around before, Around after) {
    return of(type, target, before, after, new Object());
  }

  /// The same, with something done before each call.
  static <T> T before(Class<T> type, T target, Around before) {
    return of(type, target, before, _ -> {}, null);
  }

  private static <T> T of(
      Class<T> type,
      T target,
      Around before,
      Around after,
      @org.jspecify.annotations.Nullable Object monitor) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              try {
                if (monitor == null) {
                  before.run(method.getName());
                  return method.invoke(target, arguments);
                }
                synchronized (monitor) {
                  before.run(method.getName());
                  Object result = method.invoke(target, arguments);
                  after.run(method.getName());
                  return result;
                }
              } catch (InvocationTargetException e) {
                throw e.getCause() == null ? e : e.getCause();
              }
            }));
  }
}
