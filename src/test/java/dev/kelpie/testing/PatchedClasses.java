package dev.kelpie.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// The product and its tests loaded once more, with some classes compiled from changed source text.
/// Nothing is written to disk.
public final class PatchedClasses extends ClassLoader {
  private static final String OURS = "dev.kelpie.";

  private final Map<String, byte[]> patched;
  private final ClassLoader unpatched;

  private PatchedClasses(ClassLoader unpatched, Map<String, byte[]> patched) {
    super(unpatched);
    this.unpatched = unpatched;
    this.patched = patched;
  }

  /// A place in a class's text, which must be there exactly once, and what comes there.
  public record Edit(String in, String find, String put) {
    private String on(String text) {
      int at = text.indexOf(find);
      if (at < 0 || text.indexOf(find, at + 1) >= 0) {
        throw new AssertionError(
            "the planted bug has lost its place: once in " + in + " there must be: " + find);
      }
      return text.substring(0, at) + put + text.substring(at + find.length());
    }
  }

  /// The product with these edits.
  public static PatchedClasses of(List<Edit> edits) throws IOException {
    Map<String, String> sources = new HashMap<>();
    for (Edit edit : edits) {
      String before = sources.get(edit.in);
      sources.put(edit.in, edit.on(before == null ? source(edit.in) : before));
    }
    return of(sources);
  }

  private static PatchedClasses of(Map<String, String> sources) throws IOException {
    Map<String, ByteArrayOutputStream> compiled = new HashMap<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
        JavaFileManager memory = new InMemory(files, compiled)) {
      List<String> options =
          List.of("-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path", "."));
      List<JavaFileObject> units =
          sources.entrySet().stream().map(e -> source(e.getKey(), e.getValue())).toList();
      if (!compiler.getTask(messages, memory, null, options, null, units).call()) {
        throw new AssertionError("a planted bug does not compile: " + messages);
      }
    }
    Map<String, byte[]> bytes = new HashMap<>();
    compiled.forEach((name, out) -> bytes.put(name, out.toByteArray()));
    return new PatchedClasses(PatchedClasses.class.getClassLoader(), bytes);
  }

  /// The source text of a product class.
  private static String source(String className) throws IOException {
    return Files.readString(Path.of("src/main/java", className.replace('.', '/') + ".java"));
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(OURS)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      return known != null ? known : define(name);
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    byte[] bytes = patched.get(name);
    try {
      if (bytes == null) {
        try (var in = unpatched.getResourceAsStream(name.replace('.', '/') + ".class")) {
          if (in == null) {
            throw new ClassNotFoundException(name);
          }
          bytes = in.readAllBytes();
        }
      }
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
    return defineClass(name, bytes, 0, bytes.length);
  }

  private static JavaFileObject source(String className, String text) {
    URI uri = URI.create("string:///" + className.replace('.', '/') + ".java");
    return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }

  /// Keeps what the compiler makes.
  private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> compiled;

    InMemory(JavaFileManager files, Map<String, ByteArrayOutputStream> compiled) {
      super(files);
      this.compiled = compiled;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("mem:///" + className), kind) {
        @Override
        public OutputStream openOutputStream() {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          compiled.put(className, out);
          return out;
        }
      };
    }
  }
}
