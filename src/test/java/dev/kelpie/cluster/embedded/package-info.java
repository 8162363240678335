/// Tests of the one-node coordination records.
@NullMarked
package dev.kelpie.cluster.embedded;

import org.jspecify.annotations.NullMarked;
