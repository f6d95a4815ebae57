package dev.cloister.engine.oracle;
public final class Programs { public static dev.cloister.engine.fixture.ModuleBuilder small(long s){throw new Error();} public static dev.cloister.engine.fixture.ModuleBuilder large(long s){throw new Error();} }
