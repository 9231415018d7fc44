//! The words that passwords are made of most often: of signing in, of the keyboard, of love, names, seasons and games.

/// Lowercase words, separated by spaces.
pub(super) const WORDS: &str = "\
    password passwords passcode passphrase passwd pass login logon signin signup account access secret private secure \
    security letmein welcome hello hallo changeme change default guest user username admin administrator root system \
    master superuser manager owner test testing tester temp temporary demo sample example public internet computer \
    laptop server network database windows microsoft google facebook apple android iphone samsung youtube twitter \
    instagram whatsapp telegram discord github amazon netflix spotify linkedin oracle cisco office work company \
    business desk confab chat support service customer agent \
    qwerty qwertz azerty asdf zxcv qazwsx qweasd asdfgh zxcvbn trustno \
    love lover loveme iloveyou iloveu loveyou mylove forever always sweet sweetie honey baby babygirl babyboy darling \
    angel angels princess prince queen king queenie sunshine rainbow flower flowers butterfly beautiful pretty lovely \
    cutie kisses heart hearts mother mommy mom father daddy dad mama papa family friend friends sister \
    brother children \
    spring summer autumn fall winter january february march april may june july august september october november \
    december monday tuesday wednesday thursday friday saturday sunday morning night today tomorrow birthday christmas \
    easter holiday vacation \
    monkey dragon tiger lion eagle falcon hawk wolf bear panda puppy kitten kitty cat dog doggy horse dolphin shark \
    snake turtle rabbit bunny chicken turkey spider phoenix unicorn panther cheetah leopard jaguar mustang bulldog \
    football baseball basketball soccer hockey tennis golf cricket rugby racing runner player coach champion winner \
    number chelsea arsenal liverpool barcelona juventus realmadrid manchester united lakers yankees cowboys steelers \
    raiders packers eagles patriots ferrari porsche mercedes toyota honda yamaha suzuki corvette camaro harley \
    batman superman spiderman ironman avenger avengers marvel starwars startrek pokemon pikachu minecraft fortnite \
    roblox mario sonic zelda naruto matrix gandalf hobbit frodo hogwarts harrypotter potter voldemort jedi yoda skywalker \
    ninja samurai pirate wizard warrior hunter killer ranger soldier sniper knight viking legend hero heroes gamer \
    michael michelle jennifer jessica ashley amanda daniel david andrew joshua matthew robert thomas william james john \
    joseph charles christopher anthony patrick george edward steven kevin brian jason justin brandon ryan eric adam \
    alex alexander alexandra nicholas nicole jonathan samantha elizabeth sarah hannah rachel rebecca laura melissa \
    stephanie maria mary linda lisa anna emma olivia sophia charlotte maggie ginger pepper buster charlie bailey max \
    rocky lucky shadow smokey oliver jordan taylor tyler austin dakota mike dave bob tom sam ben joe \
    cheese chocolate cookie cookies banana orange apples cherry strawberry peaches pumpkin coffee tea whiskey vodka \
    beer pizza pasta sugar candy \
    red blue green black white yellow purple pink silver gold golden diamond crystal star stars moon sun sunny earth \
    heaven ocean river mountain forest fire ice water thunder lightning storm snow snowball \
    music guitar piano dance dancer singer metallica nirvana slipknot eminem beatles elvis rockstar \
    america american england london paris berlin newyork texas california chicago boston dallas florida canada mexico \
    india russia israel germany france spain italy brazil china japan jerusalem telaviv \
    freedom liberty peace justice hope faith jesus christ god lord bible church blessed grace heavenly satan devil \
    money cash rich million dollar lottery bitcoin power magic mystery enter open please thanks whatever nothing \
    something anything everything goodbye hellokitty blink biteme \
    the our your its you new old big super mega ultra best first one two three four five six seven eight nine ten \
    passwort kennwort willkommen geheim sommer schatz fussball contrasena motdepasse bonjour soleil azertyuiop \
    doudou loulou senha brasil parola sifre salasana losenord haslo wachtwoord welkom heslo lozinka jelszo \
    amor teamo teamomucho tequiero estrella bonita hola ciao amore galatasaray fenerbahce besiktas \
    пароль привет любовь наташа марина сергей максим андрей \
    סיסמה שלום אהבה ישראל אהובה אמא אבא";
