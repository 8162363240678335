/// The plain nouns of the system. Validated in their constructors, immutable, and free of I/O. May
/// use nothing but the JDK; every other room may use it.
@NullMarked
package dev.kelpie.model;

import org.jspecify.annotations.NullMarked;
