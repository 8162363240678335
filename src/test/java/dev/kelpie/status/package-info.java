/// Tests of the status pages.
@NullMarked
package dev.kelpie.status;

import org.jspecify.annotations.NullMarked;
