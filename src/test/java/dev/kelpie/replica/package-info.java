/// Tests of replication: the real rules, holders and primaries in simulated clusters.
@NullMarked
package dev.kelpie.replica;

import org.jspecify.annotations.NullMarked;
