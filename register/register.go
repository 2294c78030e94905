package register

// Register is a whole register, each kind in the order of identifiers.
type Register struct {
	Organisations     []*Organisation     `yaml:"organisations"`
	Units             []*Unit             `yaml:"units"`
	Roles             []*Role             `yaml:"roles"`
	Vendors           []*Vendor           `yaml:"vendors"`
	Zones             []*Zone             `yaml:"zones"`
	Systems           []*System           `yaml:"systems"`
	Holdings          []*Holding          `yaml:"holdings"`
	Flows             []*Flow             `yaml:"flows"`
	Access            []*Access           `yaml:"access"`
	IdentityProviders []*IdentityProvider `yaml:"identity_providers"`
	Fleets            []*Fleet            `yaml:"fleets"`
	Agreements        []*Agreement        `yaml:"agreements"`
	Controls          []*Control          `yaml:"controls"`
	Knowledge         []*Knowledge        `yaml:"knowledge"`
	Technologies      []*Technology       `yaml:"technologies"`
	Attestations      []*Attestation      `yaml:"attestations"`
	Waivers           []*Waiver           `yaml:"waivers"`
	Proposals         []*Proposal         `yaml:"proposals"`

	byID   map[string]Item
	former map[string]string
}
