/// Three sails of a flotilla, on water.
let pageIcon = #"""
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
    <rect width="32" height="32" rx="7" fill="#0b4f6c"/>
    <path fill="#fff" d="M15 5.5v14H7.2C10.600 15.800 13.600 11 15 5.5z"/>
    <path fill="#8fd3e8" d="M17.200 9c3 3 5.800 6.900 7.800 10.500h-7.800z"/>
    <path fill="none" stroke="#8fd3e8" stroke-width="2" stroke-linecap="round" d="M5.500 24c2.600 2 4.400 2 7 0s4.400-2 7 0 4.400 2 7 0"/>
    </svg>
    """#
