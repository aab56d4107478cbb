/// Keeps the databases out of iCloud's and the computer's backups: their keys stay on this device, so that a restored file could not be opened.
/// The mark belongs to the folder, which is made here if it is not there yet; everything in it is left out.
private func excludeHoldfastFromBackups() {
  for path in ["Documents/holdfast"] {
    var folder = URL(fileURLWithPath: NSHomeDirectory(), isDirectory: true).appendingPathComponent(path, isDirectory: true)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      var values = URLResourceValues()
      values.isExcludedFromBackup = true
      try folder.setResourceValues(values)
    } catch {
      NSLog("Holdfast: %@ is not excluded from backups: %@", path, String(describing: error))
    }
  }
}
