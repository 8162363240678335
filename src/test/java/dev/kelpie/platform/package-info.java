/// The contracts of the doors, for the real ones and for the fakes.
@NullMarked
package dev.kelpie.platform;

import org.jspecify.annotations.NullMarked;
