/// The object cache: serves from near, writes back safely.
@NullMarked
package dev.kelpie.cache;

import org.jspecify.annotations.NullMarked;
