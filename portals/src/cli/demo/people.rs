//! Who buys in the demo: invented people and companies at addresses that cannot receive mail.

/// A customer as the demo knows one.
pub struct Customer {
    pub name: &'static str,
    pub owner: &'static str,
    pub email: &'static str,
    pub country: &'static str,
    pub city: &'static str,
    pub street: &'static str,
    pub postcode: &'static str,
}

const fn customer(
    who: (&'static str, &'static str, &'static str),
    (country, city, street, postcode): (&'static str, &'static str, &'static str, &'static str),
) -> Customer {
    Customer {
        name: who.0,
        owner: who.1,
        email: who.2,
        country,
        city,
        street,
        postcode,
    }
}

impl Customer {
    /// Countries that pay in euro are billed in euro.
    pub fn currency(&self) -> &'static str {
        let euro = ["DE", "FR", "NL", "ES", "IT", "AT", "IE", "PT", "FI", "BE", "GR"];
        if euro.contains(&self.country) { "EUR" } else { "USD" }
    }

    /// The domain their servers are named in.
    pub fn domain(&self) -> &'static str {
        self.email.rsplit('@').next().unwrap_or("example.test")
    }
}

/// The customers of a demo tenant.
pub fn customers(slug: &str) -> &'static [Customer] {
    if slug == "northwind" { NORTHWIND } else { EZSCALE }
}

const EZSCALE: &[Customer] = &[
    customer(
        ("Hall & Sons Ltd", "Emma Hall", "ops@hallsons.test"),
        ("GB", "Bristol", "12 Quay Street", "BS1 4RW"),
    ),
    customer(
        ("Marta Lindqvist", "Marta Lindqvist", "marta@lindqvist.test"),
        ("SE", "Uppsala", "Svartbäcksgatan 8", "753 20"),
    ),
    customer(
        ("Yusuf Demir", "Yusuf Demir", "yusuf@demir.test"),
        ("DE", "Köln", "Venloer Straße 214", "50823"),
    ),
    customer(
        ("Pixel Foundry LLC", "Dana Whitaker", "billing@pixelfoundry.test"),
        ("US", "Portland", "88 SE Alder Street", "97214"),
    ),
    customer(
        ("Atelier Marchetti", "Giulia Marchetti", "giulia@marchetti.test"),
        ("IT", "Torino", "Via Po 31", "10124"),
    ),
    customer(
        ("Kessler Logistik GmbH", "Jonas Kessler", "it@kesslerlogistik.test"),
        ("DE", "Hamburg", "Am Sandtorkai 40", "20457"),
    ),
    customer(
        ("Northgate Dental", "Priya Raman", "office@northgatedental.test"),
        ("US", "Columbus", "4100 N High Street", "43214"),
    ),
    customer(
        ("Sébastien Roy", "Sébastien Roy", "sebastien@roy.test"),
        ("CA", "Québec", "515 Rue Saint-Jean", "G1R 1P5"),
    ),
    customer(
        ("Bluefin Games", "Tomás Ferreira", "tomas@bluefingames.test"),
        ("PT", "Porto", "Rua das Flores 77", "4050-265"),
    ),
    customer(
        ("Oakwell Accountants", "Hannah Price", "hannah@oakwell.test"),
        ("GB", "Leeds", "6 Park Row", "LS1 5HD"),
    ),
    customer(
        ("Nakamura Design", "Aiko Nakamura", "aiko@nakamura.test"),
        ("JP", "Kyoto", "Teramachi 22", "604-8091"),
    ),
    customer(
        ("De Vries Fietsen", "Lotte de Vries", "lotte@devriesfietsen.test"),
        ("NL", "Utrecht", "Oudegracht 190", "3511 NP"),
    ),
    customer(
        ("Helios Solar SL", "Carlos Vega", "admin@heliossolar.test"),
        ("ES", "Sevilla", "Calle Feria 12", "41003"),
    ),
    customer(
        ("Ravi Menon", "Ravi Menon", "ravi@menon.test"),
        ("IN", "Kochi", "14 Marine Drive", "682031"),
    ),
    customer(
        ("Copper Kettle Coffee", "Molly Grant", "molly@copperkettle.test"),
        ("US", "Asheville", "27 Haywood Street", "28801"),
    ),
    customer(
        ("Brasserie Lumière", "Chloé Bernard", "chloe@lumiere.test"),
        ("FR", "Lyon", "9 Rue Mercière", "69002"),
    ),
    customer(
        ("Stellar Print Co.", "Owen Blake", "owen@stellarprint.test"),
        ("AU", "Melbourne", "310 Smith Street", "3066"),
    ),
    customer(
        ("Ingrid Solberg", "Ingrid Solberg", "ingrid@solberg.test"),
        ("NO", "Bergen", "Nygårdsgaten 5", "5015"),
    ),
    customer(
        ("Quantum Tutors", "Samuel Osei", "samuel@quantumtutors.test"),
        ("GB", "London", "41 Chalk Farm Road", "NW1 8AJ"),
    ),
    customer(
        ("Alpenblick Hotel", "Katharina Moser", "info@alpenblick.test"),
        ("AT", "Innsbruck", "Maria-Theresien-Straße 3", "6020"),
    ),
    customer(
        ("Riverside Robotics", "Ethan Cole", "ethan@riversiderobotics.test"),
        ("US", "Pittsburgh", "1200 Penn Avenue", "15222"),
    ),
    customer(
        ("Mila Petrović", "Mila Petrović", "mila@petrovic.test"),
        ("HR", "Split", "Marmontova 4", "21000"),
    ),
    customer(
        ("Fern & Fable Books", "Siobhan Kelly", "siobhan@fernfable.test"),
        ("IE", "Galway", "18 Shop Street", "H91 W2X4"),
    ),
    customer(
        ("Kowalski Media", "Piotr Kowalski", "piotr@kowalskimedia.test"),
        ("PL", "Kraków", "ul. Floriańska 15", "31-019"),
    ),
    customer(
        ("Tidewater Surveying", "Grace Holloway", "grace@tidewater.test"),
        ("US", "Norfolk", "500 Granby Street", "23510"),
    ),
    customer(
        ("Studio Verbeke", "Bram Verbeke", "bram@studioverbeke.test"),
        ("BE", "Gent", "Korenlei 7", "9000"),
    ),
    customer(
        ("Lumen Analytics", "Nadia Haddad", "nadia@lumenanalytics.test"),
        ("FR", "Nantes", "22 Quai de la Fosse", "44000"),
    ),
    customer(
        ("Hargreaves Motors", "Daniel Hargreaves", "daniel@hargreavesmotors.test"),
        ("GB", "Derby", "80 Friar Gate", "DE1 1FL"),
    ),
    customer(
        ("Aurora Yoga", "Sanna Virtanen", "sanna@aurorayoga.test"),
        ("FI", "Tampere", "Hämeenkatu 11", "33100"),
    ),
    customer(
        ("Cedar Ridge Farm", "Luke Abbott", "luke@cedarridge.test"),
        ("CA", "Kelowna", "2400 Benvoulin Road", "V1W 2C7"),
    ),
    customer(
        ("Papadakis & Co", "Eleni Papadaki", "eleni@papadakis.test"),
        ("GR", "Thessaloniki", "Tsimiski 60", "546 22"),
    ),
    customer(
        ("Monarch Escape Rooms", "Vera Santos", "vera@monarchrooms.test"),
        ("US", "Austin", "911 E 6th Street", "78702"),
    ),
    customer(
        ("Wolf Elektrotechnik", "Stefan Wolf", "stefan@wolfelektro.test"),
        ("DE", "Leipzig", "Karl-Liebknecht-Straße 9", "04107"),
    ),
    customer(
        ("Zephyr Sailing Club", "Amelia Hart", "office@zephyrsailing.test"),
        ("NZ", "Auckland", "5 Westhaven Drive", "1010"),
    ),
    customer(
        ("Modulo Arquitetos", "Beatriz Lima", "beatriz@modulo.test"),
        ("BR", "Curitiba", "Rua XV de Novembro 300", "80020-310"),
    ),
    customer(
        ("Granite Legal LLP", "Marcus Dunn", "marcus@granitelegal.test"),
        ("US", "Boston", "75 State Street", "02109"),
    ),
    customer(
        ("Noor Textiles", "Noor Rahman", "noor@noortextiles.test"),
        ("BD", "Dhaka", "12 Gulshan Avenue", "1212"),
    ),
    customer(
        ("Vitalis Apotheke", "Lea Brunner", "lea@vitalis.test"),
        ("CH", "Basel", "Freie Strasse 44", "4001"),
    ),
    customer(
        ("Harbor Light Theatre", "June Castillo", "june@harborlight.test"),
        ("US", "San Diego", "2450 Broadway", "92102"),
    ),
    customer(
        ("Orchard Primary School", "Ben Whitfield", "admin@orchardprimary.test"),
        ("GB", "York", "31 Bishopthorpe Road", "YO23 1NA"),
    ),
];

const NORTHWIND: &[Customer] = &[
    customer(
        ("Fjellheim Bakeri", "Astrid Nilsen", "astrid@fjellheim.test"),
        ("NO", "Trondheim", "Kjøpmannsgata 20", "7013"),
    ),
    customer(
        ("Skagen Keramik", "Mikkel Holm", "mikkel@skagenkeramik.test"),
        ("DK", "Skagen", "Sankt Laurentii Vej 33", "9990"),
    ),
    customer(
        ("Tromsø Kayaks", "Ola Berg", "ola@tromsokayaks.test"),
        ("NO", "Tromsø", "Storgata 61", "9008"),
    ),
    customer(
        ("Café Saimaa", "Aino Laine", "aino@saimaa.test"),
        ("FI", "Lappeenranta", "Kauppakatu 29", "53100"),
    ),
    customer(
        ("Gustafsson Bygg AB", "Erik Gustafsson", "erik@gustafssonbygg.test"),
        ("SE", "Umeå", "Rådhusesplanaden 6", "903 28"),
    ),
    customer(
        ("Reykjavik Story Walks", "Sigrún Jónsdóttir", "sigrun@storywalks.test"),
        ("IS", "Reykjavík", "Laugavegur 22", "101"),
    ),
    customer(
        ("Malmö Lastcyklar", "Nils Åberg", "nils@lastcyklar.test"),
        ("SE", "Malmö", "Bergsgatan 12", "214 22"),
    ),
    customer(
        ("Holm Revision", "Freja Holm", "freja@holmrevision.test"),
        ("DK", "Aarhus", "Jægergårdsgade 70", "8000"),
    ),
    customer(
        ("Polar Podcast", "Henrik Dahl", "henrik@polarpodcast.test"),
        ("NO", "Bodø", "Sjøgata 15", "8006"),
    ),
    customer(
        ("Viita Interiors", "Elina Viita", "elina@viita.test"),
        ("FI", "Turku", "Yliopistonkatu 18", "20100"),
    ),
    customer(
        ("Öresund Dive Club", "Sara Lund", "sara@oresunddive.test"),
        ("SE", "Helsingborg", "Kungsgatan 3", "252 21"),
    ),
    customer(
        ("Nordlys Film", "Jakob Moe", "jakob@nordlysfilm.test"),
        ("NO", "Oslo", "Markveien 35", "0554"),
    ),
];
