/// Tests of counting.
@NullMarked
package dev.kelpie.metrics;

import org.jspecify.annotations.NullMarked;
