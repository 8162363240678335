/// Tests of the object cache, on a disk that can lose power and over a store that can fail.
@NullMarked
package dev.kelpie.cache;

import org.jspecify.annotations.NullMarked;
