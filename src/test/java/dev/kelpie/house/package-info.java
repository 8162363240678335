/// Tests of the house itself: which room may use which, and what no room may do.
@NullMarked
package dev.kelpie.house;

import org.jspecify.annotations.NullMarked;
