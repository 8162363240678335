/// Tests of the real doors.
@NullMarked
package dev.kelpie.platform.jvm;

import org.jspecify.annotations.NullMarked;
