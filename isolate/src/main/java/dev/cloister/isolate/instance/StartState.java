package dev.cloister.isolate.instance;

/// What became of the image that instances of a version are to begin with.
public enum StartState {
  /// No instance was initialized yet, or the image could not be held; the next one is tried.
  PENDING("pending"),
  /// Instances begin with it.
  USED("used"),
  /// There can be none; instances are initialized one by one.
  REFUSED("refused");

  private final String label;

  StartState(String label) {
    this.label = label;
  }

  /// The name in the API.
  public String label() {
    return label;
  }
}
