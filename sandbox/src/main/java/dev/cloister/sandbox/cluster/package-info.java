/// The members that serve together. Hazelcast types stay in this package.
@NullMarked
package dev.cloister.sandbox.cluster;

import org.jspecify.annotations.NullMarked;
